package sim

import (
	"context"
	"fmt"
	"strings"

	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/simulate"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// monitoring makes an endless table of one of files.
const monitoring = "'source.monitor-interval' = '5 ms', "

// files is a table of files that appear while the job runs.
const files = "CREATE TABLE f (id BIGINT, k STRING, v BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://b/in', " + monitoring + "'format' = 'csv');\n"

// endless reports whether the job does not end by itself.
func (s *subject) endless() bool { return strings.Contains(s.script, monitoring) }

// fed returns what lets the files of the table appear, one after the other. The third one is large.
func fed(store *mem.Store) (list []func()) {
	for i := range 8 {
		rows := 30
		if i == 2 {
			rows = 300
		}
		var text strings.Builder
		for n := range rows {
			id := i*1000 + n
			fmt.Fprintf(&text, "%d,k%d,%d\n", id, id%5, id*7%10)
		}
		key := fmt.Sprintf("in/%d.csv", (i*5+3)%8) // not in the order of their names
		list = append(list, func() {
			if _, err := store.Put(context.Background(), key, []byte(text.String()), objstore.Condition{}); err != nil {
				panic(err) // memory takes it
			}
		})
	}
	return list
}

// endlessly feeds and stops a job.
func endlessly(store *mem.Store) *simulate.Endless {
	const dir = "savepoints/"
	return &simulate.Endless{Feed: fed(store), Savepoints: dir, Stop: func(ctx context.Context, h simulate.Handle) error {
		_, err := h.(*durable.Handle).Stop(ctx, false, "s3://b/"+dir)
		return err
	}}
}
