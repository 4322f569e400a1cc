package edit

// Backspace deletes the character in front of the cursor.
func (b *Buffer) Backspace() { b.cut(b.prev(b.at), b.at) }

// Delete deletes the character behind the cursor.
func (b *Buffer) Delete() { b.cut(b.at, b.next(b.at)) }

func (b *Buffer) cut(from, to int) {
	if from >= to {
		return
	}
	b.save()
	b.text = b.text[:from] + b.text[to:]
	b.move(from)
}

// kill deletes a part of the text and keeps it for Yank.
func (b *Buffer) kill(from, to int) {
	if from < to {
		b.killed = b.text[from:to]
		b.cut(from, to)
	}
}

// KillLine kills what is behind the cursor in its line; at the line's end, the line feed.
func (b *Buffer) KillLine() {
	end := b.lineEnd(b.at)
	if end == b.at {
		end = b.next(end)
	}
	b.kill(b.at, end)
}

// KillLineBack kills what is in front of the cursor in its line; at the line's begin, the line feed.
func (b *Buffer) KillLineBack() {
	start := b.lineStart(b.at)
	if start == b.at {
		start = b.prev(start)
	}
	b.kill(start, b.at)
}

// KillWordBack kills the word in front of the cursor.
func (b *Buffer) KillWordBack() { b.kill(b.wordLeft(), b.at) }

// KillWord kills the word behind the cursor.
func (b *Buffer) KillWord() { b.kill(b.at, b.wordRight()) }

// Yank puts in what the last kill took away.
func (b *Buffer) Yank() {
	b.typing = false
	b.Insert(b.killed)
}
