package filesystem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
)

// tuning are the sizes that reading goes by. Tests make them small.
type tuning struct {
	minRange   int64 // bytes of a range of a file that is cut
	maxRange   int64
	perSubtask int64 // ranges that each subtask gets, if that keeps them between min and max
	readAhead  objstore.ReadAheadOptions
	tail       int64 // bytes read behind a range at first, for its last record
	carry      int   // longest unfinished record that is copied in front of the next block
	maxRecord  int   // bytes
	batchRows  int
	bundle     int           // files that are read as one split, at most
	headBytes  int64         // of a file, looked at to see whether it can be cut
	lineTime   time.Duration // for finding the line of an error
	minSelect  int64         // bytes of a range that a store is asked over where that is left to us: one GET costs less than the requests around a query
}

var defaults = tuning{
	minRange: 4 << 20, maxRange: 64 << 20, perSubtask: 4,
	readAhead: objstore.ReadAheadOptions{BlockSize: 1 << 20, RequestSize: 8 << 20, Parallel: 2},
	tail:      64 << 10, carry: objstore.Headroom, maxRecord: 256 << 20, batchRows: 4096, bundle: 64,
	headBytes: 1 << 20, lineTime: 10 * time.Second, minSelect: 64 << 10,
}

// position is a split's state: what to read of which version of which file, and from where.
type position struct {
	Key     string    `json:"key"`
	Size    int64     `json:"size"`
	ETag    string    `json:"etag"`
	ModTime time.Time `json:"modified"`
	// Text: records that begin in [From, To) of the file, or of what comes out of its decompressor, where To is -1. Begun says that a record,
	// or the file, begins at From; otherwise the first record that begins there or behind is searched.
	From  int64 `json:"from"`
	To    int64 `json:"to"`
	Begun bool  `json:"begun"`
	// Ranged says that the file is cut into several splits.
	Ranged bool `json:"ranged,omitempty"`
	// Files with an index: a piece, and how many of its rows were delivered.
	Piece *format.Piece `json:"piece,omitempty"`
	Rows  int64         `json:"rows,omitempty"`
	// Ranges of text and files with an index that a query reads: the conditions that the rows, of which Rows were delivered, pass.
	Selected string `json:"selected,omitempty"`
	// Alike says that stores give the columns of a file with an index as it is read here, and know its pieces.
	Alike bool `json:"alike,omitempty"`
	// Head is what stands before the first record of the file, where the format has to know it and the split begins behind it.
	Head []byte `json:"head,omitempty"`
	// Gone says that the version of the file was not there any more when it was to be cut into splits, and is to be left out.
	Gone bool `json:"gone,omitempty"`
}

func (p *position) file() found {
	return found{objstore.Info{Key: p.Key, Size: p.Size, ETag: p.ETag, ModTime: p.ModTime}, ""}
}

// positioner is implemented by the readers of one file.
type positioner interface{ position() position }

// split encodes the positions of its files. The id stays that of the split as it was planned.
func split(id string, size int64, list []position) connector.Split {
	state, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings, numbers and a time from a listing always can be
	}
	return connector.Split{ID: id, State: state, Size: size}
}

func parsePositions(s connector.Split) (list []position, err error) {
	if err := json.Unmarshal(s.State, &list); err != nil {
		return nil, fmt.Errorf("split %s: its saved position cannot be read: %w", s.ID, err)
	}
	return list, nil
}

func start(f found) position {
	return position{Key: f.Key, Size: f.Size, ETag: f.ETag, ModTime: f.ModTime}
}

// plan cuts files into splits, in the files' order.
func (s *source) plan(ctx context.Context, store objstore.Store, files []found, parallelism int) ([]connector.Split, error) {
	if s.config.changes != graph.InsertOnly {
		return inOrder(store, files), nil
	}
	var total int64
	for _, f := range files {
		total += f.Size
	}
	size := min(max(total/max(1, int64(parallelism)*s.tuning.perSubtask), s.tuning.minRange), s.tuning.maxRange)
	lists := make([][]piece, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, f := range files {
		if !s.indexed() && !cuttable(f, size) {
			lists[i] = ranges(store, f, 1)
			continue
		}
		g.Go(func() (err error) {
			lists[i], err = s.cutListed(ctx, store, f, size)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []piece
	for _, l := range lists {
		all = append(all, l...)
	}
	return s.gather(all, size, parallelism), nil
}

// cuttable reports whether a file is large enough for ranges of a size, and not compressed.
func cuttable(f found, size int64) bool { return f.Size >= size+size/2 && compression(f.Key) == nil }

// cut cuts a file into pieces of about a size, or as its format has them.
func (s *source) cut(ctx context.Context, store objstore.Store, f found, size int64) ([]piece, error) {
	if s.indexed() {
		return s.pieces(ctx, store, f)
	}
	n := int64(1)
	if cuttable(f, size) {
		can, head, err := s.splittable(ctx, store, f)
		if err != nil {
			return nil, err
		}
		if can {
			n = (f.Size + size/2) / size
			list := ranges(store, f, n)
			for i := range list[1:] {
				list[1+i].at.Head = head
			}
			return list, nil
		}
	}
	return ranges(store, f, n), nil
}

// inOrder makes one split of all files, by their names, with numbers in them as numbers: a change must not be read before the one that it
// changes, and that may stand in another file.
func inOrder(store objstore.Store, files []found) []connector.Split {
	slices.SortStableFunc(files, func(a, b found) int { return compareNames(a.Key, b.Key) })
	var list []position
	var size int64
	for _, f := range files {
		for _, p := range ranges(store, f, 1) {
			list = append(list, p.at)
			size += p.size
		}
	}
	if len(list) == 0 {
		return nil
	}
	id := store.URL(list[0].Key)
	if len(list) > 1 {
		id = fmt.Sprintf("%s and %d more", id, len(list)-1)
	}
	return []connector.Split{split(id, size, list)}
}

// compareNames compares names as people order them: part-2 comes before part-10.
func compareNames(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		for i > 0 && isDigit(a[i-1]) { // back to where the numbers begin
			i--
		}
		x, y := digits(a[i:]), digits(b[i:])
		if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); x != "" && y != "" && c != 0 {
			return c
		}
		break
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// digits is the number that a text begins with, without zeros in front.
func digits(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	number := strings.TrimLeft(s[:n], "0")
	if n > 0 && number == "" {
		return "0"
	}
	return number
}

// piece is a split before it is put together with others.
type piece struct {
	id   string
	size int64
	at   position
}

// gather makes splits of pieces: small ones that follow each other become one, as long as enough splits are left to keep all subtasks busy.
func (s *source) gather(all []piece, size int64, parallelism int) []connector.Split {
	most := min(len(all)/max(1, parallelism*int(s.tuning.perSubtask)), s.tuning.bundle)
	var splits []connector.Split
	for len(all) > 0 {
		n, sum := 1, all[0].size
		for n < min(most, len(all)) && sum+all[n].size <= size {
			sum += all[n].size
			n++
		}
		list := make([]position, n)
		for i := range list {
			list[i] = all[i].at
		}
		id := all[0].id
		if n > 1 {
			id = fmt.Sprintf("%s and %d more", id, n-1)
		}
		splits = append(splits, split(id, sum, list))
		all = all[n:]
	}
	return splits
}

// ranges cuts a file of text into n ranges; none if it is empty.
func ranges(store objstore.Store, f found, n int64) []piece {
	if f.Size == 0 {
		return nil
	}
	url := store.URL(f.Key)
	if compression(f.Key) != nil {
		p := start(f)
		p.To, p.Begun = -1, true
		return []piece{{url, f.Size, p}}
	}
	list := make([]piece, 0, n)
	for i := range n {
		p := start(f)
		p.From, p.To, p.Begun, p.Ranged = f.Size/n*i, f.Size/n*(i+1), i == 0, n > 1
		id := url
		if i == n-1 {
			p.To = f.Size
		}
		if n > 1 {
			id = fmt.Sprintf("%s[%d-%d]", url, p.From, p.To)
		}
		list = append(list, piece{id, p.To - p.From, p})
	}
	return list
}

// splittable reports whether a file of text may be read in ranges, and what stands before its first record if all ranges' readers have to know.
func (s *source) splittable(ctx context.Context, store objstore.Store, f found) (can bool, head []byte, err error) {
	d, err := s.decoder(true)
	if err != nil {
		return false, nil, err
	}
	if _, ok := d.SkipPartial(nil); !ok {
		return false, nil, nil
	}
	prober, ok := d.(format.SplitProber)
	if !ok && !heads(d) {
		return true, nil, nil
	}
	opts := s.tuning.readAhead
	opts.ETag, opts.BlockSize = f.ETag, int(s.tuning.headBytes)
	ra := objstore.NewReadAhead(ctx, store, f.Key, objstore.Range{Length: s.tuning.headBytes}, opts)
	defer ra.Close()
	b, err := ra.Next(ctx)
	if err != nil {
		return false, nil, err
	}
	if ok && !prober.Splittable(b.Bytes()) {
		return false, nil, nil
	}
	if heads(d) {
		// Where it is malformed, or longer than what was looked at, the one reader of the file tells, or reads on.
		n, err := d.Header(b.Bytes(), false)
		return err == nil && n >= 0, bytes.Clone(b.Bytes()[:max(n, 0)]), nil
	}
	return true, nil, nil
}

// heads reports whether a decoder has to know what stands before the first record of a file.
func heads(d format.Decoder) bool {
	h, ok := d.(format.HeadReader)
	return ok && h.Heads()
}

// pieces asks the format for the pieces of a file with an index.
func (s *source) pieces(ctx context.Context, store objstore.Store, f found) ([]piece, error) {
	url := store.URL(f.Key)
	file := format.File{Store: store, Info: f.Info}
	list, err := s.config.format.SplitFile(ctx, file, s.fileConfig())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	alike := false
	if q := s.selection; q.reason == "" && q.refused.Load() == nil && s.config.format.SelectsAlike != nil && len(list) > 0 {
		if alike, err = s.config.format.SelectsAlike(ctx, file, s.fileConfig()); err != nil {
			return nil, fmt.Errorf("%s: %w", url, err)
		}
		if alike && len(list) > 1 && !s.rangesOf(ctx, store, f, list[0]) {
			// How a file that was discovered is cut depends on nothing but the file.
			if alike = q.mode == "always" && !s.monitors(); alike {
				list = []format.Piece{joined(list)}
			}
		}
	}
	pieces := make([]piece, 0, len(list))
	for _, unit := range list {
		p := start(f)
		p.Piece, p.Ranged, p.Alike = &unit, len(list) > 1, alike
		pieces = append(pieces, piece{fmt.Sprintf("%s#%d+%d", url, unit.First, unit.Count), unit.Size, p})
	}
	return pieces, nil
}

// joined is one piece from the first to the last of a list.
func joined(list []format.Piece) format.Piece {
	first, last := list[0], list[len(list)-1]
	first.Count = last.First + last.Count - first.First
	for _, p := range list[1:] {
		first.Size += p.Size
	}
	return first
}
