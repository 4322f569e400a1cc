package examples

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/millstream/millstream/connector/all"
	"github.com/millstream/millstream/stream"
)

// lines runs Fraud over a text and returns what it wrote, in order.
func lines(t *testing.T, text string, options ...stream.Option) ([]string, error) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "payments.txt"), filepath.Join(dir, "fraud")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Fraud(t.Context(), []string{"--input", in, "--output", out, "--delay", "20s"}, options...); err != nil {
		return nil, err
	}
	var list []string
	files, _ := filepath.Glob(filepath.Join(out, "*"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })...)
	}
	slices.Sort(list)
	return list, nil
}

func TestFraud(t *testing.T) {
	got, err := lines(t, `
2024-05-01T10:00:00Z alice 0.45
2024-05-01T10:00:07Z bob 900
2024-05-01T10:01:00Z alice 500.01
2024-05-01T10:02:00Z carol 0.99
2024-05-01T10:02:59Z carol 20
2024-05-01T10:03:00Z carol 700
2024-05-01T10:05:05Z bob 0.2
2024-05-01T10:05:00Z bob 0.1
2024-05-01T10:06:05.001Z bob 800
2024-05-01T10:06:06Z dave 1
2024-05-01T10:06:07Z dave 501
`[1:])
	if want := []string{"2024-05-01T10:01:00Z alice 500.01 after 0.45"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
	for text, want := range map[string]string{
		"2024-05-01T10:00:00Z alice\n":      `line "2024-05-01T10:00:00Z alice": want time, account and amount`,
		"yesterday alice 1\n":               `line "yesterday alice 1": parsing time`,
		"2024-05-01T10:00:00Z alice much\n": `line "2024-05-01T10:00:00Z alice much": strconv.ParseFloat`,
	} {
		if _, err := lines(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestFraudModel compares payments that come out of order with a look at each account in order.
func TestFraudModel(t *testing.T) {
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
		var all []payment
		for i := range 600 {
			amount := []float64{0.5, 0.99, 1, 20, 500, 501, 9000}[random.IntN(7)]
			at := start.Add(time.Duration(i)*4*time.Second + time.Duration(i)*time.Millisecond)
			all = append(all, payment{At: at, Account: fmt.Sprint("account", random.IntN(5)), Amount: amount})
		}
		last := map[string]payment{}
		var want []string
		for _, p := range all {
			if first, ok := last[p.Account]; ok && first.Amount < 1 && p.Amount > 500 && p.At.Sub(first.At) <= time.Minute {
				want = append(want, fmt.Sprintf("%s %s %g after %g", p.At.Format(time.RFC3339Nano), p.Account, p.Amount, first.Amount))
			}
			last[p.Account] = p
		}
		slices.Sort(want)
		came := make(map[time.Time]int64, len(all))
		for _, p := range all {
			came[p.At] = p.At.UnixMilli() + random.Int64N(20_000)
		}
		slices.SortFunc(all, func(a, b payment) int { return cmp.Compare(came[a.At], came[b.At]) })
		var text strings.Builder
		for _, p := range all {
			fmt.Fprintf(&text, "%s %s %g\n", p.At.Format(time.RFC3339Nano), p.Account, p.Amount)
		}
		got, err := lines(t, text.String(), stream.With("parallelism.default", fmt.Sprint(1+seed%3)), stream.With("pipeline.auto-watermark-interval", "0 ms"))
		if err != nil || !slices.Equal(got, want) || len(want) < 10 {
			t.Fatalf("seed %d: %d lines %q, error %v, want %d %q", seed, len(got), got, err, len(want), want)
		}
	}
}
