package expr

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// What is remembered of one time is never shown for another: times near each other, in zones whose offsets change, give what each gives alone.
func TestDateWriterModel(t *testing.T) {
	fields := []string{"yyyy", "yy", "MM", "MMM", "dd", "DDD", "EEE", "e", "w", "W", "Q", "G", "HH", "h", "k", "K", "a", "B", "mm", "ss", "SSS", "SS", "n", "A", "N", "XXX", "Z", "O", "z", "VV", "'day'", "-", " ", "g"}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]column.Type{
			column.Sized(column.Timestamp, 3), column.Sized(column.Timestamp, 6), column.Sized(column.TimestampLTZ, 3), column.Of(column.BigInt),
		}).Draw(t, "type")
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		pattern := ""
		for _, f := range rapid.SliceOfN(rapid.SampledFrom(fields), 1, 5).Draw(t, "pattern") {
			if typ.Kind == column.Timestamp && slices.Contains([]string{"XXX", "Z", "O", "z", "VV"}, f) {
				f = "|"
			}
			pattern += f + "/"
		}
		p, err := newDatePattern(pattern, modern)
		if err != nil {
			t.Fatal(err)
		}
		unit := int64(1)
		if typ.Kind != column.BigInt {
			unit = typ.TimeUnit()
		}
		w := newDateWriter(p, typ, zone)
		out := column.NewVector(column.Str(), 0)
		for range 2 {
			in := column.NewVector(typ, 0)
			// About when summer time of New York begins, or the year 1.
			base := rapid.SampledFrom([]int64{1710053999, -62135596800, 0, 1730615400}).Draw(t, "base") * unit
			steps := rapid.SampledFrom([]int64{1, unit, 60 * unit, 1800 * unit, 86400 * unit}).Draw(t, "steps")
			for range rapid.IntRange(0, 30).Draw(t, "rows") {
				if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
					in.AppendNull()
				} else {
					column.Append(in, base+steps*rapid.Int64Range(-5, 5).Draw(t, "step"))
				}
			}
			var sel []int32
			if rapid.Bool().Draw(t, "selected") {
				sel = []int32{}
				for r := 0; r < in.Len; r += 2 {
					sel = append(sel, int32(r))
				}
			}
			out.Reset()
			if err := w.kernel([]*column.Vector{in}, in.Len, sel, out); err != nil {
				t.Fatal(err)
			}
			rows(in.Len, sel, func(r int) {
				if in.IsNull(r) != out.IsNull(r) {
					t.Fatalf("row %d: NULL is %t", r, out.IsNull(r))
				}
				if in.IsNull(r) {
					return
				}
				x := column.Values[int64](in)[r]
				sec, in, offset := floorDiv(x, unit), time.UTC, int64(0)
				if typ.Kind != column.Timestamp {
					in, offset = zone, column.OffsetAt(sec, zone)
				}
				want := string(p.format(nil, sec+offset, (x-sec*unit)*(1e9/unit), in, offset))
				if got := string(out.BytesAt(r)); got != want {
					t.Fatalf("%d by %s: %q, want %q", x, pattern, got, want)
				}
			})
		}
	})
}
