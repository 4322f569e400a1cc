package task

import (
	"slices"

	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
)

// late is a sender of the rows of one input that an operator drops because they come too late. Watermarks, barriers and the end go by it as by any
// other sender.
type late struct {
	input, columns int
}

// Add has a sender take what the stage emits.
func (s *Stage) Add(sender *exchange.Sender) {
	s.Senders = slices.Insert(s.Senders, len(s.main()), sender)
}

// AddLate has a sender take the late rows of an input, which has so many columns.
func (s *Stage) AddLate(sender *exchange.Sender, input, columns int) {
	s.Senders = append(s.Senders, sender)
	s.lates = append(s.lates, late{input, columns})
}

// main are the senders of what the stage emits.
func (s *Stage) main() []*exchange.Sender { return s.Senders[:len(s.Senders)-len(s.lates)] }

// openLates tells the operator who takes late rows.
func (s *Stage) openLates(t *Task) {
	for i, l := range s.lates {
		for len(s.Context.LateTakers) <= l.input {
			s.Context.LateTakers = append(s.Context.LateTakers, operator.LateTaker{})
		}
		taker := &s.Context.LateTakers[l.input]
		taker.Columns = l.columns
		to, _ := taker.To.(lateOutput)
		to.task, to.senders = t, append(to.senders, s.Senders[len(s.main())+i])
		taker.To = to
	}
}

// lateOutput hands late rows to all that take those of an input.
type lateOutput struct {
	task    *Task
	senders []*exchange.Sender
}

func (o lateOutput) Emit(p operator.Payload) error {
	for _, s := range o.senders {
		if err := o.task.stopped(o.task.send(s, p)); err != nil {
			return err
		}
	}
	return nil
}
