package main

import (
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore/server"
)

func (a *app) storeCommand() *cobra.Command {
	var opts server.Options
	c := &cobra.Command{
		Use:   "store --dir DIR",
		Short: "Run the embedded S3 store by itself",
		Long: `Run an S3-compatible store over a local directory, until Ctrl-C. It listens on loopback unless told otherwise. Without
--access-key and --secret-key it uses the credentials kept in the directory, which it generates at the first start.`,
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
			opts.OnReady = func(access server.Access) {
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
	return c
}
