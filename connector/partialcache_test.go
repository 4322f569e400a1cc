package connector

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// manyTable has key % 4 rows for each key, which hold the key and the number of the call.
type manyTable struct{ asked []int64 }

func (s *manyTable) Rows(_ context.Context, keys, out *column.Batch, from []int32) ([]int32, error) {
	for k, key := range column.Values[int64](keys.Cols[0])[:keys.Len] {
		s.asked = append(s.asked, key)
		for i := range key % 4 {
			column.Append(out.Cols[0], key*10+i)
			out.Len++
			from = append(from, int32(k))
		}
	}
	return from, nil
}

func (s *manyTable) Close() error { return nil }

// TestPartialCacheModel: what is found is what the table has; a key is asked for again only once its time is over or others have taken its place,
// and never more rows are held than may be.
func TestPartialCacheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := map[string]string{"lookup.partial-cache.cache-missing-key": fmt.Sprint(rapid.Bool().Draw(t, "missing"))}
		write, access, limit := int64(0), int64(0), 0
		if rapid.Bool().Draw(t, "write") {
			write = rapid.Int64Range(1, 9).Draw(t, "expire-after-write")
			given["lookup.partial-cache.expire-after-write"] = fmt.Sprint(write, " ms")
		}
		if rapid.Bool().Draw(t, "access") {
			access = rapid.Int64Range(1, 9).Draw(t, "expire-after-access")
			given["lookup.partial-cache.expire-after-access"] = fmt.Sprint(access, " ms")
		}
		if rapid.Bool().Draw(t, "limit") {
			limit = rapid.IntRange(6, 20).Draw(t, "max-rows")
			given["lookup.partial-cache.max-rows"] = fmt.Sprint(limit)
		}
		values, err := setting.Check(PartialCacheOptions, given)
		if err != nil {
			t.Fatal(err)
		}
		now := int64(0)
		table := &manyTable{}
		big := column.Of(column.BigInt)
		req := LookupRequest{Project: []int{1}, Keys: []int{0}, Table: graph.Table{Columns: []column.Field{{Name: "k", Type: big}, {Name: "v", Type: big}}}}
		c := NewPartialCache(table, req, values, func() time.Time { return time.UnixMilli(now) }).(*partialCache)
		written, accessed := map[int64]int64{}, map[int64]int64{}
		for range rapid.IntRange(1, 20).Draw(t, "calls") {
			now += rapid.Int64Range(0, 4).Draw(t, "later")
			keys := column.NewBatch([]column.Field{{Type: big}}, 0)
			list := rapid.SliceOfNDistinct(rapid.Int64Range(0, 15), 0, 6, rapid.ID).Draw(t, "keys")
			var want, must []int64
			var wantFrom []int32
			for i, k := range list {
				column.Append(keys.Cols[0], k)
				for j := range k % 4 {
					want, wantFrom = append(want, k*10+j), append(wantFrom, int32(i))
				}
				at, ok := written[k]
				if !ok || write > 0 && at+write <= now || access > 0 && accessed[k]+access <= now || k%4 == 0 && !c.missing {
					must = append(must, k)
					written[k] = now
				}
				accessed[k] = now
			}
			keys.Len = len(list)
			table.asked = nil
			out := column.NewBatch([]column.Field{{Type: big}}, 0)
			from, err := c.Rows(context.Background(), keys, out, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := column.Values[int64](out.Cols[0])[:out.Len]; !slices.Equal(got, want) || !slices.Equal(from, wantFrom) {
				t.Fatalf("keys %v: found %v of %v, want %v of %v", list, got, from, want, wantFrom)
			}
			for _, k := range must {
				if !slices.Contains(table.asked, k) {
					t.Fatalf("key %d was not asked for", k)
				}
			}
			if limit == 0 && len(table.asked) != len(must) {
				t.Fatalf("asked for %v, want %v", table.asked, must)
			}
			for _, k := range table.asked { // others had taken its place
				written[k] = now
			}
			if held := c.young.rows.Live() + c.old.rows.Live(); limit > 0 && held > limit {
				t.Fatalf("%d rows are held, %d may be", held, limit)
			}
		}
	})
}

// TestPartialCacheLetsGo: keys whose time is over do not stay in memory.
func TestPartialCacheLetsGo(t *testing.T) {
	values, err := setting.Check(PartialCacheOptions, map[string]string{"lookup.partial-cache.expire-after-write": "1 ms"})
	if err != nil {
		t.Fatal(err)
	}
	now := int64(0)
	big := column.Of(column.BigInt)
	req := LookupRequest{Project: []int{1}, Keys: []int{0}, Table: graph.Table{Columns: []column.Field{{Name: "k", Type: big}, {Name: "v", Type: big}}}}
	c := NewPartialCache(&manyTable{}, req, values, func() time.Time { return time.UnixMilli(now) }).(*partialCache)
	keys, out := column.NewBatch([]column.Field{{Type: big}}, 0), column.NewBatch([]column.Field{{Type: big}}, 0)
	for k := range int64(5000) {
		column.Append(keys.Cols[0], k)
	}
	keys.Len = 5000
	size := 0
	for round := range 10 {
		now += 5
		out.Reset()
		if _, err := c.Rows(t.Context(), keys, out, nil); err != nil || out.Len != 7500 {
			t.Fatal(out.Len, err)
		}
		n := c.young.groups.SizeBytes() + c.young.rows.SizeBytes()
		if round == 4 {
			size = n
		} else if round > 4 && n > 2*size {
			t.Fatalf("%d bytes after %d rounds, %d after 5", n, round+1, size)
		}
	}
}
