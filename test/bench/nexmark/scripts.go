package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/millstream/millstream/column"
	_ "github.com/millstream/millstream/connector/all" // what the scripts read and write
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/test/bench/script"
)

//go:embed *.sql
var scripts embed.FS

// queries are all that the benchmark has but q6, which Flink cannot run: it has an OVER window over a changelog. q10_files is q10 into files, where the
// others end in a blackhole.
var queries = []string{
	"q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q10", "q10_files", "q11", "q12", "q13", "q14", "q15", "q16", "q17", "q18", "q19", "q20", "q21",
	"q22", "q23",
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// statements are those of a script, with its variables replaced.
func statements(name string, variables map[string]string) ([]string, error) {
	data, err := scripts.ReadFile(name + ".sql")
	if err != nil {
		return nil, err
	}
	text := variable.ReplaceAllStringFunc(string(data), func(v string) string {
		value, ok := variables[v[2:len(v)-1]]
		if !ok {
			err = fmt.Errorf("%s.sql: the variable %s has no value", name, v)
		}
		return value
	})
	if err != nil {
		return nil, err
	}
	script, err := session.Parse(name+".sql", text)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, st := range script.Statements {
		list = append(list, st.Text())
	}
	return list, nil
}

// selectOf is the query of an INSERT statement.
func selectOf(insert string) string {
	_, query, _ := strings.Cut(insert, "\n")
	return query
}

// open starts a session in streaming mode.
func open(given map[string]string) (*session.Session, error) {
	settings, err := script.Settings(given)
	if err != nil {
		return nil, err
	}
	env := script.Env(settings)
	return session.New(session.Config{Settings: settings, Env: env, Run: func(ctx context.Context, j *session.Job) error {
		env := env
		env.Settings = j.Settings
		_, err := durable.Run(ctx, j.Graph, durable.Options{
			Job: job.Options{Env: env, Batch: j.Batch, ID: j.ID}, Name: j.Name, Notify: func(text string) { fmt.Fprintln(os.Stderr, text) },
		})
		return err
	}}), nil
}

// execute runs one statement; its rows go nowhere.
func execute(ctx context.Context, s *session.Session, text string) error {
	r, err := begin(ctx, s, text)
	if err != nil {
		return err
	}
	return r.Run(ctx, func(*column.Batch) error { return nil })
}

// begin prepares one statement.
func begin(ctx context.Context, s *session.Session, text string) (*session.Result, error) {
	parsed, err := session.Parse("", text)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, parsed.Statements[0])
}
