package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// alreadyReported is the exit code by which the SDK says that the user has been told what went wrong.
const alreadyReported = 32

// host is the LanguageRuntime service.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine   string
	children *children
}

// Handshake opens the conversation. The engine's address came as an argument already.
func (h *host) Handshake(
	context.Context, *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo tells the engine the host's version: that of the engine it was built with.
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// Run runs a program to its end.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	opts, err := parseOptions(req.GetInfo().GetOptions())
	if err != nil {
		return nil, err
	}
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	run, err := runner(req.GetInfo().GetProgramDirectory(), "run")
	if err != nil {
		return nil, err
	}
	variables, err := programEnvironment(req)
	if err != nil {
		return nil, err
	}
	cmd, ended := h.children.command(ctx, node, append(append(opts.nodeargs, run), h.runArguments(req)...)...)
	defer ended()
	cmd.Dir = req.GetPwd()
	cmd.Env = append(append(environment(nil), variables...), opts.environment()...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return runResponse(cmd.Run())
}

// runArguments are what the SDK's cmd/run expects, the entry point and the program's own arguments last.
func (h *host) runArguments(req *pulumirpc.RunRequest) []string {
	args := []string{
		"--monitor", req.GetMonitorAddress(),
		"--engine", h.engine,
		"--organization", req.GetOrganization(),
		"--project", req.GetProject(),
		"--root-directory", req.GetInfo().GetRootDirectory(),
		"--stack", req.GetStack(),
		"--pwd", req.GetPwd(),
		"--parallel", strconv.Itoa(int(req.GetParallel())),
	}
	if req.GetDryRun() {
		args = append(args, "--dry-run")
	}
	entry := req.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	return append(append(args, entry), req.GetArgs()...)
}

// programEnvironment carries the stack's configuration, and says plainly whether this is a preview: cmd/run sets the
// variable only for a preview and would keep a value that it finds.
func programEnvironment(req *pulumirpc.RunRequest) ([]string, error) {
	config, err := configVariables(req.GetConfig(), req.GetConfigSecretKeys())
	return append(config, "PULUMI_NODEJS_DRY_RUN="+strconv.FormatBool(req.GetDryRun())), err
}

// configVariables are a stack's configuration as the SDK reads it.
func configVariables(config map[string]string, secretKeys []string) ([]string, error) {
	if config == nil {
		config = map[string]string{}
	}
	if secretKeys == nil {
		secretKeys = []string{}
	}
	values, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, err
	}
	return []string{"PULUMI_CONFIG=" + string(values), "PULUMI_CONFIG_SECRET_KEYS=" + string(secrets)}, nil
}

// runResponse translates how a program ended.
func runResponse(err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case !errors.As(err, &exit):
		return nil, fmt.Errorf("the program could not be run: %w", err)
	case exit.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case exit.Exited():
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended with exit code %d", exit.ExitCode())}, nil
	default:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program was ended by %s", exit.ProcessState)}, nil
	}
}
