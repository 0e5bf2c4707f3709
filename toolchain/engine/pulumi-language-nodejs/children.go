package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// children are the Node.js processes that this host has started.
type children struct {
	ctx     context.Context
	running sync.WaitGroup
}

func newChildren(ctx context.Context) *children {
	return &children{ctx: ctx}
}

// command prepares a child that ends when the request, or the host itself, is cancelled. The returned function must be
// called when the child has ended.
func (c *children) command(request context.Context, name string, args ...string) (*exec.Cmd, func()) {
	ctx, cancel := context.WithCancel(request)
	unlink := context.AfterFunc(c.ctx, cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = lastWords
	c.running.Add(1)
	return cmd, func() {
		unlink()
		cancel()
		c.running.Done()
	}
}

// wait returns when all children have ended, or after the limit.
func (c *children) wait(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		c.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// terminate asks a process to end, where the system knows how to ask; WaitDelay ends one that does not listen.
func terminate(process *os.Process) error {
	err := process.Signal(syscall.SIGTERM)
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return process.Kill()
}

// engineOwned are the variables by which a program learns what it runs for. They come from the engine alone: whoever calls
// pulumi could otherwise make a program believe that an `up` is a preview.
var engineOwned = map[string]bool{
	"PULUMI_CONFIG": true, "PULUMI_CONFIG_SECRET_KEYS": true,
	"PULUMI_NODEJS_DRY_RUN": true, "PULUMI_NODEJS_ENGINE": true, "PULUMI_NODEJS_MONITOR": true,
	"PULUMI_NODEJS_ORGANIZATION": true, "PULUMI_NODEJS_PARALLEL": true, "PULUMI_NODEJS_PROJECT": true,
	"PULUMI_NODEJS_QUERY_MODE": true, "PULUMI_NODEJS_ROOT_DIRECTORY": true, "PULUMI_NODEJS_STACK": true,
	"PULUMI_NODEJS_SYNC": true, "PULUMI_NODEJS_TSCONFIG_PATH": true, "PULUMI_NODEJS_TYPESCRIPT": true,
	"PULUMI_DRY_RUN": true, "PULUMI_ORGANIZATION": true, "PULUMI_PROJECT": true, "PULUMI_STACK": true,
}

// environment is the host's own environment and the given one over it, without what only the engine may say.
func environment(given []string) []string {
	var kept []string
	for _, entry := range append(os.Environ(), given...) {
		name, _, _ := strings.Cut(entry, "=")
		// Windows does not tell upper case from lower case in these names.
		if !engineOwned[strings.ToUpper(name)] {
			kept = append(kept, entry)
		}
	}
	return kept
}
