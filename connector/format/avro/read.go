package avro

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

const magic = "Obj\x01"

// reader reads the blocks of a container file that begin in its piece.
type reader struct {
	body  io.ReadCloser
	in    *bufio.Reader
	read  int64
	shift int64 // how much farther in the file it is than what was read
	to    int64 // where the piece ends; 0: at the end of the file; negative: where it begins
	codec *codec
	plan  *plan
	sync  [16]byte
	raw   []byte
	at    cursor
	left  int64 // rows of the block
}

// maxHead is the most that a file's head may hold, in bytes.
const maxHead = 64 << 20

// batchRows is how many rows Next returns at most.
const batchRows = 4096

// begin reads the head of the file.
func (r *reader) begin(c format.Config) error {
	var head [len(magic)]byte
	if err := r.full(head[:]); err != nil || string(head[:]) != magic {
		return errors.New("this is no container file of Avro, which begins with 'Obj'")
	}
	meta := map[string]string{}
	size := 0
	for {
		n, err := r.long()
		if err != nil {
			return damaged(err)
		}
		if n == 0 {
			break
		}
		if n < 0 {
			n = -n
			if _, err := r.long(); err != nil {
				return damaged(err)
			}
		}
		for ; n != 0; n-- {
			var pair [2]string
			for i := range pair {
				b, err := r.sized(maxHead)
				if err != nil {
					return damaged(err)
				}
				if size += len(b) + 1; size > maxHead {
					return damaged(fmt.Errorf("its head is larger than %d bytes", maxHead))
				}
				pair[i] = string(b)
			}
			meta[pair[0]] = pair[1]
		}
	}
	if err := r.full(r.sync[:]); err != nil {
		return damaged(err)
	}
	schema, err := parseSchema([]byte(meta["avro.schema"]))
	if err != nil {
		return damaged(err)
	}
	if schema.kind != record {
		return fmt.Errorf("the file has values of type %s, and not records", schema)
	}
	if r.codec, err = newCodec(meta["avro.codec"]); err != nil {
		return err
	}
	columns := c.Columns
	if c.Project != nil {
		columns = nil
		for _, p := range c.Project {
			columns = append(columns, c.Columns[p])
		}
	}
	r.plan, err = newPlan(schema, column.RowOf(columns...), 0)
	return err
}

func damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it is cut off")
	}
	var store *objstore.Error
	if errors.As(err, &store) {
		return err
	}
	return fmt.Errorf("the file is damaged: %w", err)
}

func (r *reader) full(b []byte) error {
	n, err := io.ReadFull(r.in, b)
	r.read += int64(n)
	return err
}

// ReadByte implements [io.ByteReader].
func (r *reader) ReadByte() (byte, error) {
	b, err := r.in.ReadByte()
	if err == nil {
		r.read++
	}
	return b, err
}

func (r *reader) long() (int64, error) { return binary.ReadVarint(r) }

// sized reads bytes behind their number. Memory follows what is there, not what is said.
func (r *reader) sized(most int64) ([]byte, error) {
	n, err := r.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > most {
		return nil, fmt.Errorf("it says that %d bytes follow", n)
	}
	b := bytes.NewBuffer(r.raw[:0])
	k, err := io.CopyN(b, r.in, n)
	r.read += k
	r.raw = b.Bytes()[:0]
	return b.Bytes(), err
}

func (r *reader) Next(ctx context.Context, out *column.Batch) error {
	for out.Len < batchRows {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if r.left == 0 {
			if out.Len > 0 {
				return nil // the next block may have to be waited for
			}
			if err := r.block(); err != nil {
				return err
			}
			continue
		}
		for ; r.left > 0 && out.Len < batchRows; r.left-- {
			if err := r.at.fields(r.plan, out.Cols); err != nil {
				return damaged(err)
			}
			out.Len++
			for _, v := range out.Cols {
				if v.Len < out.Len {
					v.AppendNull()
				}
			}
		}
		if r.left == 0 && len(r.at.data) > 0 {
			return damaged(fmt.Errorf("%d bytes of a block are left behind its last row", len(r.at.data)))
		}
	}
	return nil
}

// block reads the next one; io.EOF at the end.
func (r *reader) block() error {
	if r.to != 0 && r.read+r.shift >= r.to {
		return io.EOF
	}
	if _, err := r.in.Peek(1); err != nil {
		return err
	}
	rows, err := r.long()
	if err != nil {
		return damaged(err)
	}
	data, err := r.sized(maxBlock)
	if err != nil {
		return damaged(err)
	}
	var sync [16]byte
	if err := r.full(sync[:]); err != nil {
		return damaged(err)
	}
	if rows < 0 || sync != r.sync {
		return damaged(errors.New("a block does not end where it should"))
	}
	if r.at.data, err = r.codec.unpack(data); err != nil {
		return damaged(fmt.Errorf("a block cannot be decompressed: %w", err))
	}
	r.left = rows
	return nil
}

func (r *reader) BytesRead() int64 { return r.read }

func (r *reader) Close() error {
	if r.codec != nil {
		r.codec.close()
	}
	return r.body.Close()
}
