package examples

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/stream"
)

// What is suspicious: a payment that tries whether a card works, and the next one of the account is large and comes soon.
const (
	smallBelow = 1.0
	largeAbove = 500.0
	soon       = time.Minute
)

// payment is a line "time account amount", such as "2024-05-01T10:00:00Z alice 0.45".
type payment struct {
	At      time.Time
	Account string
	Amount  float64
	bad     error // why the line is none
}

func parsePayment(line string) payment {
	words := strings.Fields(line)
	if len(words) != 3 {
		return payment{bad: fmt.Errorf("line %q: want time, account and amount", line)}
	}
	p := payment{Account: words[1]}
	if p.At, p.bad = time.Parse(time.RFC3339Nano, words[0]); p.bad == nil {
		p.Amount, p.bad = strconv.ParseFloat(words[2], 64)
	}
	if p.bad != nil {
		p.bad = fmt.Errorf("line %q: %w", line, p.bad)
	}
	return p
}

// Fraud finds accounts of which a payment of less than 1 is followed by one of more than 500 within a minute, and writes a line for each large one. Payments may come
// out of order, by as much as --delay.
func Fraud(ctx context.Context, args []string, options ...stream.Option) (*stream.Result, error) {
	flags := flag.NewFlagSet("fraud", flag.ContinueOnError)
	input := flags.String("input", "", "`URL` of the payments, lines of time, account and amount: a file, a directory or a glob")
	output := flags.String("output", "", "`URL` of a directory for the result")
	delay := flags.Duration("delay", 10*time.Second, "how late a payment may come")
	if err := parse(flags, args, "input", "output"); err != nil {
		return nil, err
	}

	job := stream.NewJob("fraud", options...)
	payments := stream.Map(stream.ReadText(job, *input), parsePayment)
	timed := stream.Watermarks(payments, *delay, func(p payment) time.Time { return p.At })
	byAccount := stream.KeyBy(timed, func(p payment) string { return p.Account })
	stream.WriteText(stream.Process(byAccount, suspicious), *output)
	return job.Run(ctx)
}

// suspicious holds the payments of an account until no earlier one can come, and then looks at them one after the other.
func suspicious(s *stream.States) stream.Handler[string, payment, string] {
	waiting := stream.ListState[payment](s, "waiting")
	small := stream.ValueState[payment](s, "small") // the last payment, if it was small and was made less than a minute ago
	return stream.Handler[string, payment, string]{
		Value: func(c *stream.Context[string, string], p payment) error {
			if p.bad != nil {
				return p.bad
			}
			waiting.Add(p)
			c.SetEventTimer(p.At)
			return nil
		},
		Timer: func(c *stream.Context[string, string], t stream.Timer) error {
			var due, later []payment
			for _, p := range waiting.All() {
				if p.At.After(t.At) {
					later = append(later, p)
				} else {
					due = append(due, p)
				}
			}
			waiting.Replace(later...)
			slices.SortStableFunc(due, func(a, b payment) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
			for _, p := range due {
				first, ok := small.Get()
				if ok && p.Amount > largeAbove && p.At.Sub(first.At) <= soon {
					line := fmt.Sprintf("%s %s %g after %g", p.At.Format(time.RFC3339Nano), p.Account, p.Amount, first.Amount)
					if err := c.Emit(line); err != nil {
						return err
					}
				}
				if small.Clear(); p.Amount < smallBelow {
					small.Set(p)
					c.SetEventTimer(p.At.Add(soon + time.Millisecond))
				}
			}
			if first, ok := small.Get(); ok && t.At.Sub(first.At) > soon { // nothing that comes can be soon enough
				small.Clear()
			}
			return nil
		},
	}
}
