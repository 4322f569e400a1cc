package avro

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// maxBlock is the most that a block may hold, in bytes, compressed or not.
const maxBlock = 1 << 30

// codec compresses and decompresses blocks. One reader or writer uses it.
type codec struct {
	name string
	out  []byte
	enc  *zstd.Encoder
	dec  *zstd.Decoder
	def  *flate.Writer
}

func newCodec(name string) (*codec, error) {
	switch name {
	case "", "null", "deflate", "snappy", "zstandard":
		return &codec{name: name}, nil
	}
	return nil, fmt.Errorf("its blocks are compressed by %q, and null, deflate, snappy and zstandard can be read", name)
}

// pack compresses a block. The result is valid until the next call.
func (c *codec) pack(data []byte) (_ []byte, err error) {
	switch c.name {
	case "deflate":
		b := bytes.NewBuffer(c.out[:0])
		if c.def == nil {
			if c.def, err = flate.NewWriter(b, flate.DefaultCompression); err != nil {
				return nil, err
			}
		} else {
			c.def.Reset(b)
		}
		if _, err := c.def.Write(data); err != nil {
			return nil, err
		}
		err = c.def.Close()
		c.out = b.Bytes()
		return c.out, err
	case "snappy":
		c.out = snappy.Encode(c.out[:cap(c.out)], data)
		c.out = binary.BigEndian.AppendUint32(c.out, crc32.ChecksumIEEE(data))
		return c.out, nil
	case "zstandard":
		if c.enc == nil {
			if c.enc, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
				return nil, err
			}
		}
		c.out = c.enc.EncodeAll(data, c.out[:0])
		return c.out, nil
	}
	return data, nil
}

// unpack is the inverse.
func (c *codec) unpack(data []byte) (_ []byte, err error) {
	switch c.name {
	case "deflate":
		b := bytes.NewBuffer(c.out[:0])
		_, err := io.Copy(b, io.LimitReader(flate.NewReader(bytes.NewReader(data)), maxBlock+1))
		if c.out = b.Bytes(); err == nil && len(c.out) > maxBlock {
			err = errTooLarge
		}
		return c.out, err
	case "snappy":
		if len(data) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		data, sum := data[:len(data)-4], binary.BigEndian.Uint32(data[len(data)-4:])
		if n, err := snappy.DecodedLen(data); err != nil || n > maxBlock {
			return nil, errors.Join(err, errTooLarge)
		}
		if c.out, err = snappy.Decode(c.out[:cap(c.out)], data); err == nil && crc32.ChecksumIEEE(c.out) != sum {
			err = errors.New("its checksum is wrong")
		}
		return c.out, err
	case "zstandard":
		if c.dec == nil {
			if c.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock)); err != nil {
				return nil, err
			}
		}
		c.out, err = c.dec.DecodeAll(data, c.out[:0])
		return c.out, err
	}
	return data, nil
}

var errTooLarge = fmt.Errorf("it is larger than %d bytes", maxBlock)

func (c *codec) close() {
	if c.dec != nil {
		c.dec.Close()
	}
}
