package main

import (
	"errors"
	"io"
	"os/exec"
	"strconv"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// pluginStream is where a plugin's output goes.
type pluginStream = grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]

// RunPlugin runs a policy pack, a provider or another plugin until it ends or the engine hangs up.
func (h *host) RunPlugin(req *pulumirpc.RunPluginRequest, stream pluginStream) error {
	stdout, stderr := outputs(stream)
	run := h.runProgram
	if req.GetKind() == "analyzer" {
		run = h.runPolicyPack
	}
	err := run(req, stream, stdout, stderr)

	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	code := 0
	if exit != nil {
		code = exit.ExitCode()
	}
	// The protocol's field is an int32, and an exit code fits into a byte on every system that has Node.js.
	return stream.Send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(code)}, //nolint:gosec // see above
	})
}

// runProgram runs a plugin that speaks the engine's protocol itself.
func (h *host) runProgram(req *pulumirpc.RunPluginRequest, stream pluginStream, stdout, stderr io.Writer) error {
	cmd, ended, err := h.pluginCommand(req, stream, "run-plugin",
		append([]string{req.GetInfo().GetProgramDirectory()}, req.GetArgs()...))
	if err != nil {
		return err
	}
	defer ended()
	cmd.Dir = req.GetPwd()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd.Run()
}

// runPolicyPack runs a pack behind the SDK's proxy: the engine tells the proxy about the stack, and the pack learns it
// from its environment, which must be complete before it starts.
func (h *host) runPolicyPack(req *pulumirpc.RunPluginRequest, stream pluginStream, stdout, stderr io.Writer) error {
	proxy, packStdout, err := sdk.NewPolicyProxy(stream.Context(), stdout)
	if err != nil {
		return err
	}
	stack, err := proxy.AwaitConfiguration(stream.Context())
	if err != nil {
		return err
	}
	pack := req.GetInfo().GetProgramDirectory()
	cmd, ended, err := h.pluginCommand(req, stream, "run-policy-pack", append(req.GetArgs(), pack))
	if err != nil {
		return err
	}
	defer ended()
	variables, err := packEnvironment(stack)
	if err != nil {
		return err
	}
	cmd.Dir = pack
	cmd.Env = append(cmd.Env, variables...)
	cmd.Stdout, cmd.Stderr = packStdout, stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	return proxy.Attach(stream.Context(), cmd)
}

// packEnvironment tells a pack which stack it judges; there is none while a pack is published.
func packEnvironment(stack *pulumirpc.AnalyzerStackConfigureRequest) ([]string, error) {
	if stack == nil {
		return nil, nil
	}
	config, err := configVariables(stack.GetConfig(), stack.GetConfigSecretKeys())
	dryRun := strconv.FormatBool(stack.GetDryRun())
	return append(config,
		"PULUMI_NODEJS_ORGANIZATION="+stack.GetOrganization(), "PULUMI_ORGANIZATION="+stack.GetOrganization(),
		"PULUMI_NODEJS_PROJECT="+stack.GetProject(), "PULUMI_PROJECT="+stack.GetProject(),
		"PULUMI_NODEJS_STACK="+stack.GetStack(), "PULUMI_STACK="+stack.GetStack(),
		"PULUMI_NODEJS_DRY_RUN="+dryRun, "PULUMI_DRY_RUN="+dryRun,
	), err
}

// pluginCommand prepares one of the SDK's runners for a plugin.
func (h *host) pluginCommand(
	req *pulumirpc.RunPluginRequest, stream pluginStream, name string, args []string,
) (*exec.Cmd, func(), error) {
	opts, err := parseOptions(req.GetInfo().GetOptions())
	if err != nil {
		return nil, nil, err
	}
	node, err := findNode()
	if err != nil {
		return nil, nil, err
	}
	run, err := runner(req.GetInfo().GetProgramDirectory(), name)
	if err != nil {
		return nil, nil, err
	}
	cmd, ended := h.children.command(stream.Context(), node, append(append(opts.nodeargs, run), args...)...)
	cmd.Env = append(environment(req.GetEnv()), opts.environment()...)
	return cmd, ended, nil
}

// outputs turns a stream into two writers; a stream must not be sent to from two goroutines at once.
func outputs(stream pluginStream) (stdout, stderr io.Writer) {
	var lock sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		lock.Lock()
		defer lock.Unlock()
		return stream.Send(response)
	}
	stdout = writer(func(data []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: data}})
	})
	stderr = writer(func(data []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: data}})
	})
	return stdout, stderr
}

// writer is a function as an io.Writer.
type writer func([]byte) error

// Write sends all of data, or fails.
func (w writer) Write(data []byte) (int, error) {
	if err := w(data); err != nil {
		return 0, err
	}
	return len(data), nil
}
