package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
)

// collect hands batches to whoever started the job. It runs in one subtask, so that one call follows the other.
type collect struct {
	Base
	deliver func(*column.Batch) error
}

func (o *collect) Open(c *Context) error {
	if c.Parallelism > 1 {
		return fmt.Errorf("results are collected in one subtask, not in %d", c.Parallelism)
	}
	return nil
}

func (o *collect) Process(_ int, p Payload, _ Output) error { return o.deliver(p.(*column.Batch)) }
