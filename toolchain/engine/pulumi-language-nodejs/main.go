// The Node.js language host: how the Pulumi engine starts programs, policy packs and plugins written for Node.js.
//
// Pulumi's own host comes with its official release and is not published as a Go module, so a machine that can
// reach only package registries builds this one instead. It is written from the published protocol
// (github.com/pulumi/pulumi/sdk/v3/proto/go) and does the part of it that running needs: no debugger, no
// tracing, no code generation.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// lastWords is how long the children get to end by themselves before they are killed.
const lastWords = 1500 * time.Millisecond

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
		os.Exit(1)
	}
}

// serve answers the engine until the engine is gone or tells it to stop, and leaves no child behind.
func serve() error {
	engine, err := engineAddress(os.Args[1:])
	if err != nil {
		return err
	}
	// Without a handler of its own the engine waits five seconds for the host whenever SIGINT was ignored by whoever
	// started the engine (`pulumi up &` in a script).
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go cancelWhenOrphaned(cancel)

	children := newChildren(ctx)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &host{engine: engine, children: children})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)

	select {
	case err = <-handle.Done:
		cancel()
	case <-ctx.Done():
	}
	children.wait(lastWords + time.Second)
	return err
}

// engineAddress is the last argument; what comes before it are flags for logging and tracing, which this host has
// no use for.
func engineAddress(args []string) (string, error) {
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") {
		return "", errors.New("the engine's address is missing: this program is started by pulumi, not by hand")
	}
	return args[len(args)-1], nil
}

// cancelWhenOrphaned watches the pipe that the engine holds open to us: it closes when the engine dies, even by SIGKILL,
// and then no program may go on running.
func cancelWhenOrphaned(cancel context.CancelFunc) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
}
