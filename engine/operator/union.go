package operator

// union passes on what comes from any input.
type union struct{ Base }

func (union) Process(_ int, p Payload, out Output) error { return out.Emit(p) }
