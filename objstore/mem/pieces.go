package mem

import "io"

// pieces are an object's bytes: pieceSize in each but the last. One slice for all would have to be copied
// again and again while an upload grows.
type pieces [][]byte

const pieceSize = 1 << 20

func (d pieces) size() int64 {
	if len(d) == 0 {
		return 0
	}
	return int64(len(d)-1)*pieceSize + int64(len(d[len(d)-1]))
}

// write appends a copy of p.
func (d *pieces) write(p []byte) {
	for len(p) > 0 {
		last := len(*d) - 1
		if last < 0 || len((*d)[last]) == pieceSize {
			var piece []byte
			if last >= 0 {
				piece = make([]byte, 0, pieceSize) // an object that has filled one will fill another
			}
			*d = append(*d, piece)
			last++
		}
		n := min(len(p), pieceSize-len((*d)[last]))
		(*d)[last] = append((*d)[last], p[:n]...)
		p = p[n:]
	}
}

// reader reads [at, end).
type reader struct {
	data    pieces
	at, end int64
}

func (r *reader) Read(p []byte) (n int, err error) {
	for len(p) > 0 && r.at < r.end {
		piece := r.data[r.at/pieceSize][r.at%pieceSize:]
		k := copy(p, piece[:min(int64(len(piece)), r.end-r.at)])
		p = p[k:]
		n += k
		r.at += int64(k)
	}
	if n == 0 && r.at >= r.end {
		return 0, io.EOF
	}
	return n, nil
}

func (r *reader) Close() error { return nil }
