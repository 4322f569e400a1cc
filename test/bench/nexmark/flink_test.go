package main

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/test/peers"
)

// TestFlinkAgrees runs each script on Apache Flink, over the same Parquet files as here, and compares what is left when all changes are done.
func TestFlinkAgrees(t *testing.T) {
	if testing.Short() || os.Getenv("MILLSTREAM_FLINK") == "" {
		t.Skip("starts a Flink cluster: set MILLSTREAM_FLINK=1 and leave out -short")
	}
	dir := t.TempDir()
	side, events := filepath.Join(dir, "side_input.txt"), filepath.Join(dir, "events")
	if err := writeSide(side); err != nil {
		t.Fatal(err)
	}
	if err := makeEvents(t.Context(), 20_000, events, "parquet"); err != nil {
		t.Fatal(err)
	}
	cluster := peers.Flink(t, peers.FlinkOptions{})
	for _, q := range queries {
		if strings.HasSuffix(q, "_files") { // the same query as without
			continue
		}
		here := map[string]string{"path": events, "format": "parquet", "side_input": side, "output": filepath.Join(dir, q)}
		want, err := answer(t.Context(), q, 2, here)
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]string{"path": "file://" + events, "format": "parquet", "side_input": "file://" + side, "output": "file://" + filepath.Join(dir, q+"-flink")}
		for _, mini := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", q, mini), func(t *testing.T) {
				got, err := flinkAnswer(t.Context(), cluster, q, mini, there)
				if err != nil {
					t.Fatal(err)
				}
				if q == "q12" { // by processing time
					return
				}
				if !slices.Equal(got, want) {
					t.Errorf("Flink has %s, here is %s\nonly there: %q\nonly here: %q", digest(got), digest(want), without(got, want), without(want, got))
				}
			})
		}
	}
}

// without returns the first rows of one sorted list that another does not have.
func without(rows, other []string) (list []string) {
	const most = 5
	for _, row := range rows {
		if _, found := slices.BinarySearch(other, row); !found && len(list) < most {
			list = append(list, row)
		}
	}
	return list
}

// flinkAnswer is answer on Flink.
func flinkAnswer(ctx context.Context, cluster *peers.FlinkCluster, q string, mini bool, variables map[string]string) (rows []string, err error) {
	session, err := cluster.Session(ctx, flinkSettings(mini))
	if err != nil {
		return nil, err
	}
	defer session.Close(context.WithoutCancel(ctx))
	var all []string
	for _, name := range []string{"source_files", "views", q} {
		list, err := statements(name, variables)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	all[len(all)-1] = selectOf(all[len(all)-1])
	var result *peers.SQLResult
	for _, text := range all {
		if result, err = session.Submit(ctx, forFlink(text)); err != nil {
			return nil, err
		}
	}
	// Of the first of each key alone Flink shows no UPDATE_BEFORE: a row replaces that with its key, which is the first column.
	upserts := !slices.ContainsFunc(result.Rows, func(r peers.SQLRow) bool { return r.Kind == "UPDATE_BEFORE" })
	last := map[string]string{}
	count := map[string]int{}
	for _, row := range result.Rows {
		cells := make([]string, len(row.Fields))
		for i, f := range row.Fields {
			cells[i] = "NULL"
			if f == nil {
				continue
			}
			cells[i] = fmt.Sprint(f)
			switch typ := result.Columns[i].Type; {
			case strings.HasPrefix(typ, "DECIMAL"): // may come as 1.2345E7
				if x, ok := new(big.Rat).SetString(cells[i]); ok {
					cells[i] = trimFraction(x.FloatString(10))
				}
			case strings.HasPrefix(typ, "TIMESTAMP"):
				cells[i] = trimFraction(cells[i])
			}
		}
		switch text := strings.Join(cells, "\t"); row.Kind {
		case "INSERT", "UPDATE_AFTER":
			if row.Kind == "UPDATE_AFTER" && upserts {
				count[last[cells[0]]]--
			}
			last[cells[0]] = text
			count[text]++
		default:
			count[text]--
		}
	}
	return remaining(count)
}
