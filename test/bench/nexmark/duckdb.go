package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

var (
	//go:embed duckdb.sql
	duckSQL string
	//go:embed duckdb.py
	duckProgram string
)

// duckThreads is how many threads DuckDB may use.
const duckThreads = 2

// duck runs queries on DuckDB, each in a process of its own.
type duck struct {
	python  string
	files   string
	views   string
	queries map[string]string
}

// newDuck finds a Python that has DuckDB, or installs it from PyPI into an environment of its own below dir.
func newDuck(ctx context.Context, dir, files string) (*duck, error) {
	d := &duck{python: "python3", files: files, queries: map[string]string{}}
	d.views, _, _ = strings.Cut(duckSQL, "\n-- q")
	for _, part := range strings.Split(duckSQL, "\n-- q")[1:] {
		number, query, _ := strings.Cut(part, "\n")
		d.queries["q"+number] = query
	}
	if exec.CommandContext(ctx, d.python, "-c", "import duckdb").Run() == nil {
		return d, nil
	}
	environment := filepath.Join(dir, "python")
	d.python = filepath.Join(environment, "bin", "python3")
	if exec.CommandContext(ctx, d.python, "-c", "import duckdb").Run() == nil {
		return d, nil
	}
	for _, c := range [][]string{{"python3", "-m", "venv", environment}, {d.python, "-m", "pip", "install", "--quiet", "duckdb"}} {
		if out, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot install DuckDB: %s: %w\n%s", strings.Join(c, " "), err, out)
		}
	}
	return d, nil
}

// run runs a query; ok is false where it cannot be expressed.
func (d *duck) run(ctx context.Context, q string) (f measure.Figure, ok bool, err error) {
	query, ok := d.queries[q]
	if !ok {
		return f, false, nil
	}
	f, err = measure.Process(ctx, os.Environ(), d.python, "-c", duckProgram, strconv.Itoa(duckThreads), d.files, d.views, query)
	if err != nil {
		return f, true, err
	}
	// Without the start of Python.
	var wall, cpu float64
	if _, err := fmt.Sscan(string(f.Output), &wall, &cpu); err != nil {
		return f, true, fmt.Errorf("what it printed is not two times: %q: %w", f.Output, err)
	}
	f.Wall, f.CPU = time.Duration(wall*float64(time.Second)), time.Duration(cpu*float64(time.Second))
	return f, true, nil
}
