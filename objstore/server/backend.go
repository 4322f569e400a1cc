package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
)

// diskBackend is the posix backend with multipart uploads that can be relied on (see uploads.go) and a
// faster way out for the bytes: the original copies a ranged read through a new buffer of 1 MiB and then
// through one of 4 KiB; here the kernel moves the bytes from the page cache to the socket, and TLS gets
// them in large pieces.
type diskBackend struct {
	*posix.Posix
	tls        bool
	attributes meta.MetadataStorer // those of Posix
	completing turns
	hub        *hub
	region     string
	log        io.Writer // may be nil
}

// GetObject asks the library for the whole object, which it hands out as an open file, and cuts the range
// out of that.
func (b *diskBackend) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	if !filed(in.Key) {
		return nil, errNoKey
	}
	wanted := ""
	if in.Range != nil {
		wanted = *in.Range
	}
	whole := *in
	none := ""
	whole.Range = &none
	out, err := b.Posix.GetObject(ctx, &whole)
	if err != nil || out.Body == nil || in.PartNumber != nil {
		return out, err
	}
	f, isFile := out.Body.(*os.File)
	if !isFile {
		// An object of several readers, which this version of the library does not have without O_DIRECT.
		out.Body.Close()
		return b.Posix.GetObject(ctx, in)
	}
	size := *out.ContentLength
	start, length, isRange, err := backend.ParseObjectRange(size, wanted)
	if err != nil {
		out.Body.Close()
		return nil, err
	}
	out.Body = &section{f: f, start: start, length: length, tls: b.tls}
	out.ContentLength = &length
	if isRange {
		contentRange := fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, size)
		out.ContentRange = &contentRange
	}
	if length != size { // the stored checksums are those of the whole object
		out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME = nil, nil, nil
		out.ChecksumSHA1, out.ChecksumSHA256, out.ChecksumSHA512, out.ChecksumMD5 = nil, nil, nil, nil
		out.ChecksumXXHASH3, out.ChecksumXXHASH64, out.ChecksumXXHASH128 = nil, nil, nil
		out.ChecksumType = ""
	}
	return out, nil
}

// section is the body of a response: length bytes of f from start. The HTTP server calls WriteTo when it
// finds it, Read otherwise, and then Close.
type section struct {
	f             *os.File
	start, length int64 // bytes
	tls           bool
}

// smallBody is up to how many bytes a body goes through a buffer with its header, as one packet.
const smallBody = 32 << 10

var copyBuffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// WriteTo writes the section to the buffered writer of a connection. A plain connection takes the file
// itself (sendfile on Linux), which needs the buffer to be empty.
func (s *section) WriteTo(w io.Writer) (int64, error) {
	bw, buffered := w.(*bufio.Writer)
	if buffered && !s.tls && s.length > smallBody {
		if err := bw.Flush(); err != nil {
			return 0, err
		}
		if _, err := s.f.Seek(s.start, io.SeekStart); err != nil {
			return 0, err
		}
		return bw.ReadFrom(io.LimitReader(s.f, s.length))
	}
	buf := copyBuffers.Get().(*[256 << 10]byte)
	defer copyBuffers.Put(buf)
	var written int64
	for written < s.length {
		n, err := s.f.ReadAt(buf[:min(int64(len(buf)), s.length-written)], s.start+written)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return written, err
			}
			written += int64(n)
		}
		if err != nil && written < s.length {
			return written, err
		}
	}
	return written, nil
}

func (s *section) Read(p []byte) (int, error) {
	if s.length == 0 {
		return 0, io.EOF
	}
	n, err := s.f.ReadAt(p[:min(int64(len(p)), s.length)], s.start)
	s.start += int64(n)
	s.length -= int64(n)
	return n, err
}

func (s *section) Close() error { return s.f.Close() }
