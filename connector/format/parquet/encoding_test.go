package parquet

import (
	"bytes"
	"math/bits"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/rle"
	protocol "github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"
)

// What the library encodes is decoded, in pieces of any length.
func TestRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 31).Draw(t, "width")
		var want []int32
		for range rapid.IntRange(1, 6).Draw(t, "stretches") {
			x := rapid.Int32Range(0, int32(uint32(1)<<width-1)).Draw(t, "value")
			if rapid.Bool().Draw(t, "repeated") {
				want = append(want, slices.Repeat([]int32{x}, rapid.IntRange(1, 100).Draw(t, "times"))...)
			} else {
				want = append(want, rapid.SliceOfN(rapid.Int32Range(0, int32(uint32(1)<<width-1)), 1, 40).Draw(t, "values")...)
			}
		}
		encoded, err := (&rle.Encoding{BitWidth: width}).EncodeInt32(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		r := runs{b: encoded, width: width}
		var got []int32
		for len(got) < len(want) {
			piece := make([]int32, min(rapid.IntRange(1, 50).Draw(t, "piece"), len(want)-len(got)))
			if err := r.codes(piece); err != nil {
				t.Fatal(err)
			}
			got = append(got, piece...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestLevels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		greatest := rapid.IntRange(1, 20).Draw(t, "greatest")
		width := bits.Len(uint(greatest))
		want := rapid.SliceOfN(rapid.ByteRange(0, byte(greatest)), 1, 300).Draw(t, "levels")
		encoded, err := (&rle.Encoding{BitWidth: width}).EncodeLevels(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		equal, err := (&runs{b: encoded, width: width}).levels(got, greatest)
		if err != nil || !bytes.Equal(got, want) || equal != bytes.Count(want, []byte{byte(greatest)}) {
			t.Fatalf("%v with %d of the greatest, %v, want %v", got, equal, err, want)
		}
		if _, err := (&runs{b: encoded, width: width}).levels(got, int(slices.Max(want))-1); err == nil {
			t.Fatal("levels above the greatest were taken")
		}
		packed, width8 := []byte(nil), 0
		for _, x := range want { // the highest bit first, as older writers had it
			for k := width - 1; k >= 0; k-- {
				if width8%8 == 0 {
					packed = append(packed, 0)
				}
				packed[len(packed)-1] |= x >> k & 1 << (7 - width8%8)
				width8++
			}
		}
		clear(got)
		used, equal, err := oldLevels(got, append(packed, 0xff), greatest)
		if err != nil || used != len(packed) || !bytes.Equal(got, want) || equal != bytes.Count(want, []byte{byte(greatest)}) {
			t.Fatalf("packed: %v, %d bytes, %v, want %v", got, used, err, want)
		}
	})
}

func TestDeltas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5, 5), rapid.Int64Range(1e9, 1e9+1000))
		want := rapid.SliceOfN(numbers, 0, 400).Draw(t, "values")
		encoded, err := parquet.DeltaBinaryPacked.EncodeInt64(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := deltas(append(encoded, "rest"...), len(want))
		if err != nil || !slices.Equal(got, want) || string(rest) != "rest" {
			t.Fatalf("%v, rest %q, %v, want %v", got, rest, err, want)
		}
		if len(want) > 0 {
			if _, _, err := deltas(encoded, len(want)-1); err == nil {
				t.Fatal("more values than the page has were taken")
			}
		}
	})
}

func TestDeltaTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.StringMatching(`[a-c]{0,6}x*`), 1, 60).Draw(t, "texts")
		var data []byte
		offsets := []uint32{0}
		for _, s := range want {
			data = append(data, s...)
			offsets = append(offsets, uint32(len(data)))
		}
		lengths, err := parquet.DeltaLengthByteArray.EncodeByteArray(nil, data, offsets)
		if err != nil {
			t.Fatal(err)
		}
		prefixes, err := parquet.DeltaByteArray.EncodeByteArray(nil, data, offsets)
		if err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func() ([]int64, []byte, error){
			"lengths":  func() ([]int64, []byte, error) { return deltaLengths(lengths, len(want)) },
			"prefixes": func() ([]int64, []byte, error) { return deltaStrings(prefixes, len(want)) },
		} {
			sizes, data, err := read()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var got []string
			for _, n := range sizes {
				got = append(got, string(data[:n]))
				data = data[n:]
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

func TestJoinStreams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Float64(), 0, 50).Draw(t, "values")
		encoded, err := parquet.ByteStreamSplit.EncodeDouble(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := parquet.Plain.EncodeDouble(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		if got := joinStreams(encoded, 8); !bytes.Equal(got, plain) {
			t.Fatalf("%x, want %x", got, plain)
		}
	})
}

// Headers that the library writes are read.
func TestPageHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "body")
		entries := rapid.Int32Range(0, 1<<30).Draw(t, "entries")
		header := format.PageHeader{
			UncompressedPageSize: rapid.Int32Range(int32(len(body)), 1<<30).Draw(t, "size"), CompressedPageSize: int32(len(body)),
			CRC: rapid.Int32Min(1).Draw(t, "checksum"),
		}
		statistics := format.Statistics{MinValue: []byte("a"), MaxValue: rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "bound"), NullCount: 3}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			header.Type = format.DataPage
			header.DataPageHeader = protocol.New(format.DataPageHeader{NumValues: entries, Encoding: format.RLEDictionary, DefinitionLevelEncoding: format.BitPacked,
				RepetitionLevelEncoding: format.RLE, Statistics: statistics})
		case 1:
			header.Type = format.DictionaryPage
			header.DictionaryPageHeader = protocol.New(format.DictionaryPageHeader{NumValues: entries, Encoding: format.Plain, IsSorted: true})
		default:
			header.Type = format.DataPageV2
			header.DataPageHeaderV2 = protocol.New(format.DataPageHeaderV2{NumValues: entries, NumNulls: 7, NumRows: 9, Encoding: format.DeltaByteArray,
				DefinitionLevelsByteLength: int32(len(body) / 2), RepetitionLevelsByteLength: int32(len(body) / 3), IsCompressed: protocol.New(false), Statistics: statistics})
		}
		b, err := protocol.Marshal(new(protocol.CompactProtocol), &header)
		if err != nil {
			t.Fatal(err)
		}
		p, n, err := parsePage(append(append(b, body...), "behind"...))
		if err != nil {
			t.Fatal(err)
		}
		if n != len(b)+len(body) || !bytes.Equal(p.body, body) || p.kind != header.Type || p.entries != int(entries) || p.size != int(header.UncompressedPageSize) ||
			!p.checked || p.checksum != uint32(header.CRC) || p.v2 != (header.Type == format.DataPageV2) || p.compressed == p.v2 {
			t.Fatalf("%+v of %+v", p, header)
		}
		if p.v2 && (p.levels != [2]int{len(body) / 3, len(body) / 2} || p.encoding != format.DeltaByteArray) {
			t.Fatalf("%+v of %+v", p, header)
		}
		if p.kind == format.DataPage && (p.encoding != format.RLEDictionary || p.oldLevels != [2]bool{false, true}) {
			t.Fatalf("%+v of %+v", p, header)
		}
	})
}

func TestDecompress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := bytes.Repeat(rapid.SliceOfN(rapid.ByteRange(0, 5), 1, 300).Draw(t, "data"), rapid.IntRange(1, 9).Draw(t, "times"))
		codec := codecs[rapid.SampledFrom(compression.Values).Draw(t, "codec")]
		src, err := codec.Encode(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		kind := codec.CompressionCodec()
		got, err := decompress(kind, src, len(want), make([]byte, rapid.IntRange(0, 4000).Draw(t, "memory")))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %v, %v, want %v", kind, got, err, want)
		}
		for _, size := range []int{len(want) - 1, len(want) + 1} {
			if size == 0 {
				continue // nothing is asked for, and nothing looked at
			}
			if _, err := decompress(kind, src, size, nil); err == nil {
				t.Fatalf("%s: %d bytes pass for %d", kind, len(want), size)
			}
		}
		damaged := bytes.Clone(src)
		damaged[rapid.IntRange(0, len(src)-1).Draw(t, "at")] ^= rapid.ByteMin(1).Draw(t, "bits")
		if got, err := decompress(kind, damaged, len(want), nil); err == nil && len(got) != len(want) {
			t.Fatalf("%s: damaged to %d bytes of %d", kind, len(got), len(want))
		}
	})
}

// Nonsense is refused, soon and without a panic.
func FuzzNonsense(f *testing.F) {
	f.Add([]byte("\x15\x00\x15\x02\x15\x02\x2c\x15\x02\x15\x00\x15\x06\x15\x06\x00\x00a"))
	f.Add([]byte{0x80, 1, 4, 200, 1, 2, 9, 9, 9, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, pages, err := splitPages(b, 100); err == nil && len(pages) == 0 {
			t.Error("no pages with 100 values")
		}
		for width := range 33 {
			if err := (&runs{b: b, width: width}).codes(make([]int32, 100)); err == nil && len(b) == 0 && width > 0 {
				t.Error("100 codes out of nothing")
			}
		}
		if x, _, err := deltas(b, 1000); err == nil && len(x) > 1000 {
			t.Error("more values than were allowed")
		}
		for _, read := range []func([]byte, int) ([]int64, []byte, error){deltaLengths, deltaStrings} {
			sizes, data, err := read(b, 1000)
			for _, n := range sizes {
				if n > int64(len(data)) {
					t.Fatal("a text behind the end of its page")
				}
				data = data[n:]
			}
			if err == nil && len(sizes) > 1000 {
				t.Error("more texts than were allowed")
			}
		}
	})
}
