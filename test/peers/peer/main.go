// Peer installs and runs the real programs of package peers by hand: before a machine loses its network,
// or to look at them beside a benchmark.
//
//	go run ./test/peers/peer install minio flink kafka
//	go run ./test/peers/peer run minio flink kafka     # prints the endpoints, ends with Ctrl-C
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/millstream/millstream/test/peers"
)

const usage = `usage: peer install|run [options] minio|flink|kafka…`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "install" && args[0] != "run" {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	address := flags.String("minio-address", "", "HOST:PORT of MinIO; a free port without")
	secret := flags.String("minio-secret-key", "", "of MinIO, whose access key is minio; a random one without")
	memory := flags.String("flink-memory", "4g", "of Flink's TaskManager")
	slots := flags.Int("flink-slots", 2, "of Flink's TaskManager")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, name := range flags.Args() {
		if name != "minio" && name != "flink" && name != "kafka" {
			return fmt.Errorf("no peer is called %q; %s", name, usage)
		}
		wanted[name] = true
	}
	if len(wanted) == 0 {
		return errors.New(usage)
	}
	if args[0] == "install" {
		return install(ctx, wanted)
	}
	return run(ctx, wanted, peers.MinIOOptions{Address: *address, SecretKey: *secret}, peers.FlinkOptions{Memory: *memory, Slots: *slots})
}

func install(ctx context.Context, wanted map[string]bool) error {
	for name, installer := range map[string]func(context.Context) (string, error){"minio": peers.InstallMinIO, "flink": peers.InstallFlink,
		"kafka": peers.InstallKafka} {
		if !wanted[name] {
			continue
		}
		path, err := installer(ctx)
		if err != nil {
			return err
		}
		fmt.Println(name, "is at", path)
	}
	return nil
}

// run starts what is wanted, Flink with MinIO as its store if both are, and waits for Ctrl-C.
func run(ctx context.Context, wanted map[string]bool, minio peers.MinIOOptions, flink peers.FlinkOptions) (err error) {
	if wanted["minio"] {
		p, err := peers.StartMinIOWith(ctx, minio)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		fmt.Printf("MinIO: %s, access key %s, secret key %s\n", p.Endpoint, p.AccessKey, p.SecretKey)
		flink.S3 = &p.S3
	}
	if wanted["flink"] {
		c, err := peers.StartFlink(ctx, flink)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		fmt.Printf("Flink: JobManager %s, SQL Gateway %s\n", c.REST, c.Gateway)
	}
	if wanted["kafka"] {
		b, err := peers.StartKafka(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.Close()) }()
		fmt.Println("Kafka:", b.Address)
	}
	<-ctx.Done()
	return nil
}
