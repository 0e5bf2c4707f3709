package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/google/shlex"
	"google.golang.org/protobuf/types/known/structpb"
)

// options are the `runtime.options` of Pulumi.yaml or PulumiPolicy.yaml.
type options struct {
	typescript bool
	tsconfig   string
	nodeargs   []string
}

// parseOptions says no to an option of the wrong type; what it does not know belongs to other versions of the host.
func parseOptions(raw *structpb.Struct) (options, error) {
	parsed := options{typescript: true}
	for name, value := range raw.AsMap() {
		ok := true
		switch name {
		case "typescript":
			parsed.typescript, ok = value.(bool)
		case "tsconfig":
			parsed.tsconfig, ok = value.(string)
		case "nodeargs":
			var text string
			if text, ok = value.(string); ok {
				words, err := shlex.Split(text)
				if err != nil {
					return parsed, fmt.Errorf("runtime option nodeargs %q: %w", text, err)
				}
				parsed.nodeargs = words
			}
		}
		if !ok {
			return parsed, fmt.Errorf("runtime option %s has the wrong type: %v", name, value)
		}
	}
	return parsed, nil
}

// environment is what the SDK's runners read the options from.
func (o options) environment() []string {
	if !o.typescript {
		return []string{"PULUMI_NODEJS_TYPESCRIPT=false"}
	}
	if o.tsconfig == "" {
		return []string{"PULUMI_NODEJS_TYPESCRIPT=true"}
	}
	return []string{"PULUMI_NODEJS_TYPESCRIPT=true", "PULUMI_NODEJS_TSCONFIG_PATH=" + o.tsconfig}
}

// findNode is the Node.js on PATH.
func findNode() (string, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("node is not on PATH: %w", err)
	}
	return path, nil
}

// runner finds one of the SDK's entry points (run, run-plugin, run-policy-pack) the way that Node.js finds packages: in the
// nearest node_modules at or above the program.
func runner(programDirectory, name string) (string, error) {
	real, err := filepath.EvalSymlinks(programDirectory)
	if err != nil {
		return "", err
	}
	for directory := real; ; directory = filepath.Dir(directory) {
		path := filepath.Join(directory, "node_modules", "@pulumi", "pulumi", "cmd", name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if directory == filepath.Dir(directory) {
			return "", fmt.Errorf("the package @pulumi/pulumi is not installed at or above %s: run `npm ci` there", real)
		}
	}
}
