package objstore

// Block is one piece of an object as [ReadAhead] delivers it. Bytes lie at Buf[Start:End]; before Start
// there is Headroom, into which a caller may copy the unfinished record of the block before, so that no
// record is ever assembled elsewhere; behind End there are at least Tailroom readable bytes, so that
// 16-byte loads never cross the buffer's end.
type Block struct {
	Buf        []byte
	Start, End int
	Offset     int64 // position of Buf[Start] in the object
}

// Headroom and Tailroom are the spare bytes around a block, in bytes.
const (
	Headroom = 64 << 10
	Tailroom = 64
)

// Bytes returns the object's bytes in the block.
func (b *Block) Bytes() []byte { return b.Buf[b.Start:b.End] }
