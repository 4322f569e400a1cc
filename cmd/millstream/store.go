package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore/server"
)

func (a *app) storeCommand() *cobra.Command {
	var opts server.Options
	var tokenFile string
	c := &cobra.Command{
		Use:   "store --dir DIR",
		Short: "Run the embedded S3 store by itself",
		Long: `Run an S3-compatible store over a local directory, until Ctrl-C. It listens on loopback unless told otherwise. Without
--access-key and --secret-key it uses the credentials kept in the directory, which it generates at the first start.

Clients can listen to what happens to the objects (ListenBucketNotification). With --notify it is also pushed, from all buckets, to
  webhook=URL                           an HTTP server, which gets --notify-token-file's token in the header Authorization
  kafka=HOST:PORT,HOST:PORT/TOPIC       a topic of Kafka
  nats=nats://HOST:PORT/SUBJECT         a subject of NATS, through JetStream if a stream takes it in
What a target cannot take is kept for it up to some megabytes, while the store runs.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			switch _, _, err := net.SplitHostPort(opts.Listen); {
			case opts.Dir == "":
				return usagef("--dir is missing: name the directory that holds the objects")
			case err != nil:
				return usagef("--listen %s is not an address: it is HOST:PORT, such as 127.0.0.1:9000", opts.Listen)
			case (opts.AccessKey == "") != (opts.SecretKey == ""):
				return usagef("--access-key and --secret-key are given together or not at all")
			case (opts.CertFile == "") != (opts.KeyFile == ""):
				return usagef("--tls-cert and --tls-key are given together or not at all")
			}
			if tokenFile != "" {
				token, err := os.ReadFile(tokenFile)
				if err != nil {
					return usagef("--notify-token-file: %v", err)
				}
				opts.NotifyToken = strings.TrimSpace(string(token))
			}
			problems := &onceReady{next: a.err} // targets that are down, listeners that are cut off
			opts.Log = problems
			opts.OnReady = func(access server.Access) {
				defer problems.ready.Store(true)
				s := a.errStyle()
				fmt.Fprintln(a.err, "S3 store at "+s.bold(access.Endpoint))
				if access.CredentialsFile != "" {
					fmt.Fprintln(a.err, "credentials in "+access.CredentialsFile)
				}
				fmt.Fprintln(a.err, s.dim("Ctrl-C ends it"))
			}
			return server.Serve(c.Context(), opts)
		},
	}
	flags := c.Flags()
	flags.StringVar(&opts.Listen, "listen", "127.0.0.1:9000", "`ADDRESS` to listen on, as host:port; port 0 is a free one")
	flags.StringVar(&opts.Dir, "dir", "", "`DIRECTORY` of the objects; made if it is not there")
	flags.StringVar(&opts.AccessKey, "access-key", "", "access `KEY` that clients must use")
	flags.StringVar(&opts.SecretKey, "secret-key", "", "secret `KEY` that belongs to it")
	flags.StringVar(&opts.CertFile, "tls-cert", "", "PEM `FILE` with the certificate; with --tls-key the store speaks HTTPS only")
	flags.StringVar(&opts.KeyFile, "tls-key", "", "PEM `FILE` with the certificate's key")
	flags.StringArrayVar(&opts.Notify, "notify", nil, "`TARGET` that is told what happens to the objects; may be given several times")
	flags.StringVar(&tokenFile, "notify-token-file", "", "`FILE` with the token for webhooks")
	return c
}

// onceReady passes on what the store logs once it is ready: until then this command says itself what there is to say.
type onceReady struct {
	next  io.Writer
	ready atomic.Bool
}

func (o *onceReady) Write(p []byte) (int, error) {
	if !o.ready.Load() {
		return len(p), nil
	}
	return o.next.Write(p)
}
