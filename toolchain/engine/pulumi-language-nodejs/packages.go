package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// About describes the Node.js in use, for `pulumi about`.
func (h *host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	output, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("node --version: %w", err)
	}
	return &pulumirpc.AboutResponse{Executable: node, Version: strings.TrimSpace(string(output))}, nil
}

// Cancel is advisory. Programs and plugins end when the engine closes their request, or the host.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// InstallDependencies installs what the lock file of a program says.
func (h *host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest, stream grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("npm is not on PATH: %w", err)
	}
	directory := req.GetInfo().GetProgramDirectory()
	verb := "install"
	if _, err := os.Stat(filepath.Join(directory, "package-lock.json")); err == nil {
		verb = "ci"
	}
	cmd, ended := h.children.command(stream.Context(), npm, verb, "--no-audit", "--no-fund")
	defer ended()
	cmd.Dir = directory
	// One writer for both: exec then copies them in one goroutine, and a stream allows no more.
	output := writer(func(data []byte) error {
		return stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: data})
	})
	cmd.Stdout, cmd.Stderr = output, output
	return cmd.Run()
}

// manifest is the part of a package.json that says what a package is to Pulumi.
type manifest struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Pulumi  struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	} `json:"pulumi"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
}

func readManifest(path string) (manifest, error) {
	var parsed manifest
	data, err := os.ReadFile(path)
	if err != nil {
		return parsed, err
	}
	return parsed, json.Unmarshal(data, &parsed)
}

// GetRequiredPackages lists the provider plugins that the installed SDKs need, so that the engine can have them ready.
func (h *host) GetRequiredPackages(
	_ context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, installed := range installedPackages(req.GetInfo().GetProgramDirectory()) {
		if required := requirement(installed); required != nil {
			response.Packages = append(response.Packages, required)
		}
	}
	return response, nil
}

// requirement is the plugin behind an SDK, or nil for any other package.
func requirement(installed manifest) *pulumirpc.PackageDependency {
	if !installed.Pulumi.Resource {
		return nil
	}
	name, version := installed.Pulumi.Name, installed.Pulumi.Version
	if name == "" {
		name = strings.TrimPrefix(installed.Name, "@pulumi/")
	}
	if version == "" {
		version = installed.Version
	}
	return &pulumirpc.PackageDependency{
		Name:    name,
		Kind:    "resource",
		Version: "v" + strings.TrimPrefix(version, "v"),
		Server:  installed.Pulumi.Server,
	}
}

// GetProgramDependencies lists a program's packages: its own, or all that are installed.
func (h *host) GetProgramDependencies(
	_ context.Context, req *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	directory := req.GetInfo().GetProgramDirectory()
	own, err := readManifest(filepath.Join(directory, "package.json"))
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, installed := range installedPackages(directory) {
		_, direct := own.Dependencies[installed.Name]
		_, development := own.DevDependencies[installed.Name]
		if direct || development || req.GetTransitiveDependencies() {
			response.Dependencies = append(response.Dependencies,
				&pulumirpc.DependencyInfo{Name: installed.Name, Version: installed.Version})
		}
	}
	return response, nil
}

// installedPackages reads the manifests in the nearest node_modules at or above a program. Packages inside packages
// do not count: their users pin them, not the program.
func installedPackages(programDirectory string) []manifest {
	for directory := programDirectory; ; directory = filepath.Dir(directory) {
		modules := filepath.Join(directory, "node_modules")
		if info, err := os.Stat(modules); err == nil && info.IsDir() {
			return readManifests(modules)
		}
		if directory == filepath.Dir(directory) {
			return nil
		}
	}
}

func readManifests(modules string) []manifest {
	var found []manifest
	for _, pattern := range []string{"*", "@*/*"} {
		// The only error of Glob is a bad pattern.
		paths, _ := filepath.Glob(filepath.Join(modules, pattern, "package.json"))
		for _, path := range paths {
			if installed, err := readManifest(path); err == nil && installed.Name != "" {
				found = append(found, installed)
			}
		}
	}
	return found
}
