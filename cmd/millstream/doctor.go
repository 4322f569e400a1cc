package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/doctor"
)

// consultation is one call of doctor.
type consultation struct {
	o    *objectTools
	json bool
	skip []string
}

func (a *app) doctorCommand() *cobra.Command {
	d := &consultation{o: &objectTools{app: a}}
	c := &cobra.Command{
		Use:   "doctor s3://BUCKET[/PREFIX]",
		Short: "Test whether an S3-compatible store can do what jobs need",
		Long: `Test an endpoint for all that Millstream needs of a store, by using it: connection, TLS and clock; credentials, region and the style of addresses;
reading and writing, ranges, listings, uploads in parts; conditional writes by several writers at once, as some stores let all of them win; S3 SELECT,
notifications, latency and throughput. For each point that is missing it says what that costs, and what to do.

  ` + doctorMarks[doctor.Works] + `  works
  ` + doctorMarks[doctor.Limited] + `  does not work, or is slow, and one can do without
  ` + doctorMarks[doctor.Missing] + `  does not work, and is needed: the exit code is 1
  ` + doctorMarks[doctor.Untested] + `  was not tested

It writes up to 200 MB below a directory of its own in the bucket, whose name begins with a dot, and deletes them again, after Ctrl-C too. The whole
takes some seconds, over a slow network a minute.

Endpoint and credentials are the settings s3.endpoint, s3.access-key, s3.secret-key, … from --config, the environment or -D.`,
		Example: `  millstream doctor --config flink-conf.yaml s3://checkpoints
  millstream doctor --endpoint http://127.0.0.1:9000 s3://input/2026
  millstream doctor --json --skip throughput,latency s3://checkpoints`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return d.run(c.Context(), args[0]) },
	}
	d.o.endpointFlag(c.Flags())
	c.Flags().BoolVar(&d.json, "json", false, "write one JSON document instead of a table")
	c.Flags().StringSliceVar(&d.skip, "skip", nil, "leave points out, as `NAMES` with commas between")
	return c
}

func (d *consultation) run(ctx context.Context, url string) error {
	opts, err := d.options(url)
	if err != nil {
		return err
	}
	var show doctorOutput = newDoctorTable(d.o.app)
	if d.json {
		show = &doctorJSON{w: d.o.out}
	}
	show.begin(opts.Bucket, opts.Prefix, d.o.client.Endpoint())
	var missing []string
	opts.Begin = d.testing
	opts.Report = func(f doctor.Finding) {
		if f.Status == doctor.Missing {
			missing = append(missing, f.Name)
		}
		show.finding(f)
	}
	err = doctor.Examine(ctx, opts)
	if d.o.screen != nil {
		d.o.screen.erase()
	}
	if err != nil {
		if ctx.Err() != nil && err.Error() != ctx.Err().Error() {
			fmt.Fprintln(d.o.err, err) // what is left behind is worth more than that it was interrupted
		}
		return err
	}
	if err := show.end(len(missing) == 0, d.o.quiet); err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s at %s lacks what is needed: %s", "s3://"+opts.Bucket, d.o.client.Endpoint(), strings.Join(missing, ", "))
	}
	return nil
}

// options reads the call.
func (d *consultation) options(url string) (doctor.Options, error) {
	var opts doctor.Options
	loc, err := objstore.ParseURL(url)
	switch {
	case err != nil:
		return opts, usageError{err}
	case loc.Scheme == "file":
		return opts, usagef("'%s' is on this machine, and only stores are tested: write s3://%s", url, strings.Trim(url, "./"))
	case !slices.Contains([]string{"s3", "s3a", "s3n"}, loc.Scheme):
		return opts, usagef("'%s' is no S3 store: write s3://%s", url, loc.Bucket)
	case objstore.HasGlob(loc.Path):
		return opts, usagef("'%s' is a pattern: name the bucket, and a prefix at most", url)
	}
	opts = doctor.Options{Bucket: loc.Bucket, Prefix: loc.Path, Skip: map[string]bool{}}
	known := doctor.Skippable()
	for _, name := range d.skip {
		switch {
		case slices.Contains(known, name):
			opts.Skip[name] = true
		case slices.Contains(doctor.Names(), name):
			return opts, usagef("--skip %s: the others need it", name)
		default:
			return opts, usagef("--skip %s: there is no such point%s\nThere are %s", name, meant(name, known, ""), strings.Join(known, ", "))
		}
	}
	if err := d.o.load(); err != nil {
		return opts, err
	}
	opts.Config = d.o.config
	return opts, nil
}

// testing shows on a terminal what the waiting is for.
func (d *consultation) testing(name string) {
	if d.o.screen != nil && !d.o.quiet {
		d.o.screen.draw(styleOf(true).dim("  testing " + name + " …"))
	}
}
