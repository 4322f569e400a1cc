// Package script runs the SQL of benchmarks in their own process.
package script

import (
	"context"
	"io"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

// Settings are the engine's with these values.
func Settings(values map[string]string) (setting.Values, error) {
	settings := setting.New(setting.Engine)
	for key, text := range values {
		if err := settings.Set(key, text, "benchmark"); err != nil {
			return settings, err
		}
	}
	return settings, nil
}

// Run runs a script, without checkpoints; rows that a query shows go nowhere.
func Run(ctx context.Context, settings setting.Values, text string) error {
	env := Env(settings)
	return Execute(ctx, session.New(session.Config{Settings: settings, Env: env, Run: func(ctx context.Context, j *session.Job) error {
		env := env
		env.Settings = j.Settings
		_, err := job.Run(ctx, j.Graph, job.Options{Env: env, Batch: j.Batch, ID: j.ID})
		return err
	}}), text)
}

// Env is what jobs of a benchmark run in: what they print goes nowhere.
func Env(settings setting.Values) connector.Env {
	return connector.Env{Objects: standard.FromSettings(settings), Settings: settings, Stdout: io.Discard, Stderr: io.Discard}
}

// Execute runs the statements of a script, one after the other; their rows go nowhere.
func Execute(ctx context.Context, s *session.Session, text string) error {
	script, err := session.Parse("", text)
	if err != nil {
		return err
	}
	for _, statement := range script.Statements {
		r, err := s.Execute(ctx, statement)
		if err != nil {
			return err
		}
		if err := r.Run(ctx, func(*column.Batch) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}
