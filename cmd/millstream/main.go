// Command millstream is a stateful stream processor in one binary: SQL and Go jobs over S3-compatible object storage.
//
// What enters: arguments, configuration files, the environment, SQL text. What leaves: results on standard output, messages
// and progress on standard error, and an exit code: 0 done, 1 the job failed, 2 wrong usage, settings or SQL, 130 interrupted.
// Each subcommand is one file; everything else lives in the packages below.
package main

import (
	"os"
	"runtime/debug"

	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/objstore/server"
)

func main() {
	server.RunChildIfAsked()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	os.Exit(newApp(os.Stdin, os.Stdout, os.Stderr).run(os.Args[1:]))
}

// garbagePercent is how much garbage may gather, in percent of what is in use, before it is collected. Twice Go's default saves a tenth
// of a word count's CPU time and keeps its memory below 300 MB, however long the text is; four times would not.
const garbagePercent = 200
