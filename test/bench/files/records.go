package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
)

// bid is a record: a bid as Nexmark has it, with a price, and with a note of which one in four has quotes or commas. The tags are those of the loop by hand.
type bid struct {
	Auction int64  `parquet:"auction"`
	Bidder  int64  `parquet:"bidder"`
	Price   int64  `parquet:"price,decimal(2:12)"` // hundredths
	Channel string `parquet:"channel,dict"`
	URL     string `parquet:"url"`
	Note    string `parquet:"note"`
	At      int64  `parquet:"at,timestamp(microsecond)"` // microseconds since 1970
}

// statements are the job in SQL, for Millstream and for Flink.
func statements(format, output string) []string {
	const columns = "(auction BIGINT, bidder BIGINT, price DECIMAL(12, 2), channel STRING, url STRING, note STRING, `at` TIMESTAMP(3))"
	return []string{
		"CREATE TABLE bids " + columns + " WITH ('connector' = 'filesystem', 'path' = 's3://input/bids." + format + "', 'format' = '" + format + "')",
		"CREATE TABLE files " + columns + " WITH ('connector' = 'filesystem', 'path' = '" + output +
			"', 'format' = 'parquet', 'parquet.write.int64.timestamp' = 'true', 'parquet.timestamp.time.unit' = 'micros')",
		"INSERT INTO files SELECT * FROM bids",
	}
}

// generator makes records, always the same ones.
type generator struct {
	r    *rand.Rand
	n    int64
	base time.Time
	note []byte
}

func newGenerator() *generator {
	return &generator{r: rand.New(rand.NewPCG(2026, 11)), base: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
}

var words = strings.Fields("the lot was seen before it came here and nobody said what its owner wants for it, or when: naïve bidders wait, others offer more at once")

// next fills b. Its note is valid until the next call.
func (g *generator) next(b *bid) {
	g.n++
	*b = bid{
		Auction: 1000 + g.n/15 - g.r.Int64N(min(100, 1+g.n/15)),
		Bidder:  1000 + g.r.Int64N(1+g.n/50),
		Price:   100 + int64(g.r.ExpFloat64()*200_000),
		At:      g.base.UnixMicro() + g.n*3000,
	}
	channel := g.r.IntN(40)
	if channel < 30 {
		b.Channel = [...]string{"Google", "Facebook", "Baidu", "Apple"}[channel%4]
	} else {
		b.Channel = "channel-" + strconv.Itoa(g.r.IntN(10_000))
	}
	b.URL = "https://www.nexmark.com/" + strconv.FormatUint(g.r.Uint64N(1<<40), 36) + "/item.htm?query=1&channel_id=" + strconv.Itoa(g.r.IntN(1<<20))
	g.note = g.note[:0]
	special := g.r.IntN(4) == 0
	for range 2 + g.r.IntN(8) {
		w := words[g.r.IntN(len(words))]
		switch {
		case !special:
			w = strings.TrimSuffix(w, ",")
		case g.r.IntN(5) == 0:
			w = `"` + w + `"`
		}
		g.note = append(append(g.note, w...), ' ')
	}
	b.Note = string(g.note[:len(g.note)-1])
}

func appendPrice(line []byte, price int64) []byte {
	line = append(strconv.AppendInt(line, price/100, 10), '.')
	return append(line, byte('0'+price/10%10), byte('0'+price%10))
}

func appendTime(line []byte, micros int64) []byte {
	return time.UnixMicro(micros).UTC().AppendFormat(line, "2006-01-02 15:04:05.000")
}

func appendCSV(line []byte, b *bid) []byte {
	line = append(strconv.AppendInt(line, b.Auction, 10), ',')
	line = append(strconv.AppendInt(line, b.Bidder, 10), ',')
	line = append(appendPrice(line, b.Price), ',')
	line = append(append(line, b.Channel...), ',')
	line = append(append(line, b.URL...), ',')
	if strings.ContainsAny(b.Note, `",`) {
		line = append(append(append(line, '"'), strings.ReplaceAll(b.Note, `"`, `""`)...), `",`...)
	} else {
		line = append(append(line, b.Note...), ',')
	}
	return append(appendTime(line, b.At), '\n')
}

func appendJSON(line []byte, b *bid) []byte {
	line = strconv.AppendInt(append(line, `{"auction":`...), b.Auction, 10)
	line = strconv.AppendInt(append(line, `,"bidder":`...), b.Bidder, 10)
	line = appendPrice(append(line, `,"price":`...), b.Price)
	line = append(append(line, `,"channel":"`...), b.Channel...)
	line = append(append(line, `","url":"`...), b.URL...)
	line = append(append(line, `","note":"`...), strings.ReplaceAll(b.Note, `"`, `\"`)...)
	return append(appendTime(append(line, `","at":"`...), b.At), `"}`+"\n"...)
}

// fill writes the object that is read, and keeps its size and the checksums of its rows.
func (c *comparison) fill(ctx context.Context) error {
	appendRecord := map[string]func([]byte, *bid) []byte{"csv": appendCSV, "json": appendJSON}[c.format]
	if appendRecord == nil {
		return fmt.Errorf("-formats has %q: valid are csv and json", c.format)
	}
	bucket := c.store.client.Bucket("input")
	up, err := bucket.Create(ctx, "bids."+c.format)
	if err != nil {
		return err
	}
	if err := c.generate(up, appendRecord); err != nil {
		return errors.Join(err, up.Abort(ctx))
	}
	pending, err := up.Seal(ctx)
	if err != nil {
		return err
	}
	_, err = bucket.Commit(ctx, pending, objstore.Condition{})
	return err
}

func (c *comparison) generate(w io.Writer, appendRecord func([]byte, *bid) []byte) error {
	out := bufio.NewWriterSize(w, 1<<20)
	g := newGenerator()
	var b bid
	var line []byte
	for c.bytes < *megabytes*1e6 {
		g.next(&b)
		c.want.add(&b)
		line = appendRecord(line[:0], &b)
		if _, err := out.Write(line); err != nil {
			return err
		}
		c.bytes += int64(len(line))
	}
	return out.Flush()
}
