// Command select measures a query that 1 % of the records of an object pass: computed by the store (S3 SELECT), here, over ranged GETs, and in the way that
// 'scan.select' = 'auto' finds to be the faster one; of CSV, JSON lines and Parquet, on MinIO and on the embedded store.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/format/csv"
	_ "github.com/millstream/millstream/connector/format/json"
	_ "github.com/millstream/millstream/connector/format/parquet"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/test/peers"
)

func main() {
	server.RunChildIfAsked()
	mb := flag.Int("mb", 500, "size of the object, as text, in MB")
	formats := flag.String("formats", "csv,json,parquet", "the formats to measure")
	flag.Parse()
	if err := run(context.Background(), *mb, strings.Split(*formats, ",")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, mb int, formats []string) (err error) {
	dir, err := os.MkdirTemp("", "millstream-bench-select-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	embedded, err := server.Start(ctx, server.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, embedded.Close()) }()
	a := embedded.Access
	stores := map[string]s3.Config{"embedded": {Endpoint: a.Endpoint, AccessKey: a.AccessKey, SecretKey: a.SecretKey, Region: a.Region}}
	p, err := peers.StartMinIO(ctx)
	if err != nil {
		fmt.Println("MinIO is left out:", err)
	} else {
		defer func() { err = errors.Join(err, p.Close()) }()
		stores["MinIO"] = s3.Config{Endpoint: p.Endpoint, AccessKey: p.AccessKey, SecretKey: p.SecretKey, Region: p.Region}
	}
	for _, format := range formats {
		data, want, err := object(format, mb<<20)
		if err != nil {
			return err
		}
		fmt.Printf("%.0f MB of %s, of which %d records pass\n", float64(len(data))/1e6, format, want)
		for _, name := range slices.Sorted(maps.Keys(stores)) {
			if err := measure(ctx, name, format, stores[name], data, want); err != nil {
				return err
			}
		}
	}
	return nil
}

var fields = []column.Field{
	{Name: "id", Type: column.Of(column.BigInt)}, {Name: "host", Type: column.Str()}, {Name: "percent", Type: column.Of(column.Int)}, {Name: "url", Type: column.Str()},
}

// measure puts the object and reads it both ways, five times each in turn; the median counts, as runs differ much on a machine that does other work too.
func measure(ctx context.Context, name, format string, cfg s3.Config, data []byte, want int) error {
	c, err := s3.New(cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	bucket := "bench-" + format
	if err := c.MakeBucket(ctx, bucket); err != nil {
		return err
	}
	store := c.Bucket(bucket)
	up, err := store.Create(ctx, "o."+format)
	if err != nil {
		return err
	}
	if _, err := bytes.NewReader(data).WriteTo(up); err != nil {
		return errors.Join(err, up.Abort(ctx))
	}
	pending, err := up.Seal(ctx)
	if err != nil {
		return err
	}
	if _, err := store.Commit(ctx, pending, objstore.Condition{}); err != nil {
		return err
	}
	times := map[string][]time.Duration{}
	modes := []string{"always", "never", "auto"}
	for range 5 {
		for _, mode := range modes {
			counted := &answered{Store: store, endpoint: cfg.Endpoint}
			start := time.Now()
			got, err := read(ctx, counted, format, mode)
			if err != nil {
				return fmt.Errorf("%s, scan.select = %s: %w", name, mode, err)
			}
			if got != want {
				return fmt.Errorf("%s, scan.select = %s: %d rows, want %d", name, mode, got, want)
			}
			took := time.Since(start)
			if mode == "always" {
				if n := counted.asked.Load(); format != "parquet" && n != int64(len(data)) || counted.queries.Load() == 0 {
					return fmt.Errorf("%s has answered queries over %d of %d bytes", name, n, len(data))
				}
			}
			times[mode] = append(times[mode], took)
		}
	}
	for i, text := range []string{"S3 SELECT", "ranged GET", "auto"} {
		list := times[modes[i]]
		slices.Sort(list)
		took := list[len(list)/2]
		fmt.Printf("  %-10s %-10s %6.2f s (%.2f to %.2f) %6.0f MB/s\n", name, text, took.Seconds(), list[0].Seconds(), list[len(list)-1].Seconds(), float64(len(data))/1e6/took.Seconds())
	}
	return nil
}

// read counts the rows that pass, with two readers at once.
func read(ctx context.Context, store objstore.Store, format, mode string) (int, error) {
	pass, err := expr.NewCall("=", &expr.Column{Index: 1, Name: "percent", T: fields[2].Type}, expr.Int(42))
	if err != nil {
		return 0, err
	}
	spec, ok := connector.Lookup("s3-select")
	if !ok {
		return 0, errors.New("there is no connector s3-select")
	}
	objects := &objstore.Resolver{Openers: map[string]objstore.Opener{
		"s3": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
			return store, loc.Path, nil
		},
	}}
	options := map[string]string{"path": "s3://bench/o." + format, "format": format, "scan.select": mode}
	if format == "csv" {
		options["csv.multiline"] = "false"
	}
	s, err := spec.NewSource(connector.SourceRequest{
		Env: connector.Env{Settings: setting.New(setting.Engine), Objects: objects},
		Table: graph.Table{Name: "o", Connector: "s3-select", Columns: fields,
			Options: options},
		Project: []int{0, 2}, Filter: []expr.Expr{pass}, Limit: -1,
	})
	if err != nil {
		return 0, err
	}
	splits, err := s.Splits(ctx, 2)
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	total := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for _, split := range splits {
		g.Go(func() error {
			n, err := count(ctx, s, split, pass)
			mu.Lock()
			total += n
			mu.Unlock()
			return err
		})
	}
	return total, g.Wait()
}

// count reads a split.
func count(ctx context.Context, s connector.Source, split connector.Split, pass expr.Expr) (n int, err error) {
	f, err := expr.CompileFilter(pass)
	if err != nil {
		return 0, err
	}
	r, err := s.Open(ctx, split)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var sel []int32
	for {
		b, status, err := r.Poll()
		if err != nil {
			return n, err
		}
		if b != nil {
			if sel, err = f.Select(b, sel); err != nil {
				return n, err
			}
			n += len(sel)
		}
		switch status {
		case connector.Done:
			return n, nil
		case connector.Wait:
			select {
			case <-r.Ready():
			case <-ctx.Done():
				return n, ctx.Err()
			}
		case connector.Ready:
		}
	}
}
