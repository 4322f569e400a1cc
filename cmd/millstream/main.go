// Command millstream is a stateful stream processor in one binary: SQL and Go jobs over S3-compatible object storage.
//
// What enters: arguments, configuration files, the environment, SQL text. What leaves: results on standard output, messages
// and progress on standard error, and an exit code: 0 done, 1 the job failed, 2 wrong usage, settings or SQL, 130 interrupted.
// Each subcommand is one file; everything else lives in the packages below.
package main

import (
	"os"

	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/engine/collector"
	"github.com/millstream/millstream/objstore/server"
)

func main() {
	server.RunChildIfAsked()
	if os.Getenv("GOGC") == "" {
		collector.Start()
	}
	os.Exit(newApp(os.Stdin, os.Stdout, os.Stderr).run(os.Args[1:]))
}
