package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
)

// loop is a query written by hand: add takes a batch of events, in one goroutine; merge takes what another one has; rows counts the result.
type loop interface {
	add(kinds []int32, b *column.Batch)
	merge(other loop)
	rows() int
}

// loops make the loops of those queries that have one; their columns are fields of these rows.
var loops = map[string]func() loop{
	"q1": func() loop { return &convert{} },
	"q5": func() loop { return &hotItems{counts: map[int64]map[int64]int64{}} },
	"q7": func() loop { return &highest{best: map[int64]int64{}, of: map[int64][]int64{}} },
	"q8": func() loop { return &newSellers{persons: map[sale]string{}, sellers: map[sale]bool{}} },
}

func fieldsOf(names string, types ...column.Type) column.Type {
	var list []column.Field
	for i, name := range strings.Fields(names) {
		list = append(list, column.Field{Name: name, Type: types[i]})
	}
	return column.RowOf(list...)
}

// runByHand reads the files as the engine does, in as many goroutines as there are cores, and gives the batches to a query's loop.
func runByHand(ctx context.Context, q, dir string) error {
	big, text, when := column.Of(column.BigInt), column.Str(), column.Sized(column.Timestamp, 3)
	columns := []column.Field{{Name: "event_type", Type: column.Of(column.Int)}}
	switch q {
	case "q1":
		columns = append(columns, column.Field{Name: "bid", Type: fieldsOf("auction bidder price dateTime extra", big, big, big, when, text)})
	case "q5":
		columns = append(columns, column.Field{Name: "bid", Type: fieldsOf("auction dateTime", big, when)})
	case "q7":
		columns = append(columns, column.Field{Name: "bid", Type: fieldsOf("auction bidder price dateTime extra", big, big, big, when, text)})
	case "q8":
		columns = append(columns, column.Field{Name: "person", Type: fieldsOf("id name dateTime", big, text, when)},
			column.Field{Name: "auction", Type: fieldsOf("seller dateTime", big, when)})
	default:
		return fmt.Errorf("%s has no hand-written loop", q)
	}
	settings := setting.New(setting.Engine)
	spec, ok := connector.Lookup("filesystem")
	if !ok {
		return errors.New("there is no connector 'filesystem'")
	}
	req := connector.SourceRequest{
		Env:   connector.Env{Objects: standard.FromSettings(settings), Settings: settings, Stdout: os.Stdout, Stderr: os.Stderr},
		Table: graph.Table{Name: "events", Connector: "filesystem", Columns: columns, Options: map[string]string{"path": dir, "format": "parquet"}}, Limit: -1,
	}
	for i := range columns {
		req.Project = append(req.Project, i)
	}
	source, err := spec.NewSource(req)
	if err != nil {
		return err
	}
	workers := runtime.NumCPU()
	splits, err := source.Splits(ctx, workers)
	if err != nil {
		return err
	}
	queue := make(chan connector.Split, len(splits))
	for _, s := range splits {
		queue <- s
	}
	close(queue)
	all, failed := make([]loop, workers), make([]error, workers)
	var group sync.WaitGroup
	for i := range workers {
		all[i] = loops[q]()
		group.Go(func() {
			for split := range queue {
				if failed[i] = errors.Join(failed[i], readSplit(ctx, source, split, all[i])); failed[i] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	for _, other := range all[1:] {
		all[0].merge(other)
	}
	fmt.Println(all[0].rows())
	return errors.Join(failed...)
}

func readSplit(ctx context.Context, source connector.Source, split connector.Split, to loop) (err error) {
	r, err := source.Open(ctx, split)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, status, err := r.Poll()
		if err != nil {
			return err
		}
		if b != nil {
			to.add(column.Values[int32](b.Cols[0])[:b.Len], b)
		}
		switch status {
		case connector.Done:
			return nil
		case connector.Wait:
			<-r.Ready()
		}
	}
}
