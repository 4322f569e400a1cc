//go:build unix

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/millstream/millstream/objstore/event"
)

// TestEventsByListening is told at once by stores that tell, with keys as they are, and says of others what works instead.
func TestEventsByListening(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		dir := t.TempDir()
		cmd := exec.Command(binary, "s3", "events", "--config", p.config, "-n", "1", "s3://input")
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
		var out bytes.Buffer
		cmd.Stdout = &out
		w := watch(t, cmd)
		if w.until(t, "s3://input"); !strings.Contains(w.text(), "waiting for events of s3://input") {
			if code := w.end(t); !p.minIO || code != 1 || !strings.Contains(w.text(), saysNothing) || !strings.Contains(w.text(), "webhook, Kafka or NATS") ||
				!strings.Contains(w.text(), "--poll 10s") {
				t.Errorf("exit code %d, %s", code, w.text())
			}
			return
		}
		const key = "in/a b+ü%/%2F.csv"
		p.put(t, p.input+"/"+key, "abc")
		code := w.end(t)
		if list, err := event.Parse(out.Bytes()); code != 0 || err != nil || len(list) != 1 || list[0].Key != key || list[0].Size != 3 || !list[0].Created() {
			t.Errorf("exit code %d, %v, %+v, %s", code, err, list, w.text())
		}
	})
}
