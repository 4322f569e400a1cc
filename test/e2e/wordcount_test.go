package e2e

import (
	"encoding/csv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/test/peers"
)

// place is where a job reads and writes.
type place struct {
	config        string // configuration file
	input, output string // URL prefixes
	store         *peers.S3
	minIO         bool
}

// guide are the lines of the guide that the project follows, for another endpoint and other keys.
func guide(s *peers.S3) string {
	return "state.backend: filesystem\ns3.endpoint: " + s.Endpoint + "\ns3.path-style: true\ns3.access-key: " + s.AccessKey +
		"\ns3.secret-key: " + s.SecretKey + "\n"
}

func storePlace(t *testing.T, s *peers.S3) place {
	if err := s.MakeBuckets(t.Context(), "input", "testbucket"); err != nil {
		t.Fatal(err)
	}
	config := writeFile(t, filepath.Join(t.TempDir(), "flink-conf.yaml"), guide(s))
	return place{config: config, input: "s3://input", output: "s3://testbucket", store: s}
}

func minIO(t *testing.T) place {
	p := storePlace(t, peers.MinIO(t))
	p.minIO = true
	return p
}

func embedded(t *testing.T) place {
	s, err := server.Start(t.Context(), server.Options{Dir: filepath.Join(t.TempDir(), "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("stopping the store: %v", err)
		}
	})
	return storePlace(t, &peers.S3{Endpoint: s.Endpoint, AccessKey: s.AccessKey, SecretKey: s.SecretKey, Region: s.Region})
}

func files(t *testing.T) place {
	dir := t.TempDir()
	config := writeFile(t, filepath.Join(dir, "millstream.yaml"), "state.backend: filesystem\n")
	url := "file://" + filepath.ToSlash(dir)
	return place{config: config, input: url + "/input", output: url + "/output"}
}

// open opens the store of a URL with a place's settings.
func (p place) open(t *testing.T, url string) (objstore.Store, string) {
	t.Helper()
	settings, err := setting.Load(setting.LoadOptions{File: p.config})
	if err != nil {
		t.Fatal(err)
	}
	store, key, err := standard.FromSettings(settings).Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return store, key
}

func (p place) put(t *testing.T, url, text string) {
	t.Helper()
	store, key := p.open(t, url)
	if _, err := store.Put(t.Context(), key, []byte(text), objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// counts reads a word and its count from each line of all objects below a URL; separator is between the two.
func (p place) counts(t *testing.T, url string, separator rune) map[string]int {
	t.Helper()
	store, prefix := p.open(t, url)
	all := map[string]int{}
	for info, err := range store.List(t.Context(), prefix+"/", objstore.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Get(t.Context(), info.Key, objstore.All)
		if err != nil {
			t.Fatal(err)
		}
		lines := csv.NewReader(body)
		lines.Comma = separator
		records, err := lines.ReadAll()
		body.Close()
		if err != nil {
			t.Fatalf("%s: %v", info.Key, err)
		}
		for _, record := range records {
			if len(record) != 2 {
				t.Fatalf("%s has the line %q", info.Key, record)
			}
			if _, twice := all[record[0]]; twice {
				t.Fatalf("'%s' is counted twice", record[0])
			}
			if all[record[0]], err = strconv.Atoi(record[1]); err != nil {
				t.Fatalf("%s has the line %q", info.Key, record)
			}
		}
	}
	return all
}

// checkClean checks that no upload was left unfinished. MinIO may go on listing one that it has completed or discarded, if its client went away
// meanwhile, and clears that up itself; it then knows of no parts.
func (p place) checkClean(t *testing.T) {
	t.Helper()
	if p.store == nil {
		store, prefix := p.open(t, p.output)
		for upload, err := range store.Uploads(t.Context(), prefix) {
			t.Errorf("an upload of %s was left: %v", upload.Key, err)
		}
		return
	}
	client, err := p.store.Client()
	if err != nil {
		t.Fatal(err)
	}
	for upload := range client.ListIncompleteUploads(t.Context(), "testbucket", "", true) {
		if upload.Err == nil {
			core := minio.Core{Client: client}
			_, err := core.ListObjectParts(t.Context(), "testbucket", upload.Key, upload.UploadID, 0, 1)
			if minio.ToErrorResponse(err).Code == minio.NoSuchUpload {
				continue
			}
		}
		t.Errorf("an upload of %s was left: %v", upload.Key, upload.Err)
	}
}

// discardUploads discards whatever was left unfinished.
func (p place) discardUploads(t *testing.T) {
	t.Helper()
	store, prefix := p.open(t, p.output)
	for upload, err := range store.Uploads(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Abort(t.Context(), objstore.Pending{Key: upload.Key, UploadID: upload.UploadID}); err != nil {
			t.Fatal(err)
		}
	}
}

// makeText makes some megabytes of words of all lengths with blanks in odd places, some so rare that they stand once, without a line
// break at the end, and counts them byte by byte.
func makeText() (text string, counts map[string]int) {
	r := rand.New(rand.NewPCG(11, 7))
	zipf := rand.NewZipf(r, 1.1, 2.7, 20_000)
	var b strings.Builder
	for b.Len() < 3<<20 {
		rank := zipf.Uint64()
		word := strconv.FormatUint(rank, 36)
		switch {
		case rank%7 == 3:
			word = "wörter-" + word
		case rank%11 == 5:
			word = strings.Repeat(word, 9)
		}
		b.WriteString(word)
		switch r.IntN(12) {
		case 0:
			b.WriteString("  ")
		case 1:
			b.WriteString("\n")
		case 2:
			b.WriteString(" \n\n ")
		default:
			b.WriteString(" ")
		}
	}
	b.WriteString("end")
	text = b.String()
	counts = map[string]int{}
	start := 0
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == ' ' || text[i] == '\n' {
			if i > start {
				counts[text[start:i]]++
			}
			start = i + 1
		}
	}
	return text, counts
}

func TestWordCount(t *testing.T) {
	text, want := makeText()
	for name, make := range map[string]func(*testing.T) place{"MinIO": minIO, "embedded store": embedded, "files": files} {
		t.Run(name, func(t *testing.T) {
			p := make(t)
			p.put(t, p.input+"/test.txt", text)
			check := func(t *testing.T, output string, separator rune) {
				t.Helper()
				if diff := cmp.Diff(want, p.counts(t, output, separator)); diff != "" {
					t.Errorf("counts differ (-want +got):\n%.2000s", diff)
				}
				p.checkClean(t)
			}
			t.Run("example by name", func(t *testing.T) {
				succeed(t, t.TempDir(), "run", "--config", p.config, "wordcount", "--input", p.input+"/test.txt", "--output", p.output+"/output")
				check(t, p.output+"/output", ' ')
			})
			t.Run("parallel by name", func(t *testing.T) {
				succeed(t, t.TempDir(), "run", "--config", p.config, "-D", "parallelism.default=5", "wordcount",
					"--input", p.input+"/test.txt", "--output", p.output+"/parallel")
				check(t, p.output+"/parallel", ' ')
			})
			t.Run("built job", func(t *testing.T) {
				succeed(t, t.TempDir(), "run", "--config", p.config, job, "--input", p.input+"/test.txt", "--output", p.output+"/built")
				check(t, p.output+"/built", ' ')
			})
			t.Run("package", func(t *testing.T) {
				if testing.Short() {
					t.Skip("builds a package")
				}
				succeed(t, filepath.Join("..", ".."), "run", "--config", p.config, "./examples/wordcount",
					"--input", p.input+"/test.txt", "--output", p.output+"/package")
				check(t, p.output+"/package", ' ')
			})
			t.Run("SQL", func(t *testing.T) {
				script, err := os.ReadFile(filepath.Join("..", "..", "examples", "wordcount.sql"))
				if err != nil {
					t.Fatal(err)
				}
				here := strings.NewReplacer("s3://input/", p.input+"/", "s3://testbucket/output", p.output+"/sql")
				file := writeFile(t, filepath.Join(t.TempDir(), "wordcount.sql"), here.Replace(string(script)))
				succeed(t, t.TempDir(), "run", "--config", p.config, file)
				check(t, p.output+"/sql", ',')
			})
			t.Run("SQL by sql", func(t *testing.T) {
				o := succeed(t, t.TempDir(), "sql", "--config", p.config, "-o", "csv", "-D", "execution.runtime-mode=batch", "-e",
					"CREATE TABLE text (line STRING) WITH ('connector' = 'filesystem', 'path' = '"+p.input+"/', 'format' = 'raw'); "+
						"SELECT word, COUNT(*) FROM text, UNNEST(SPLIT(line, ' ')) AS w(word) WHERE word <> '' GROUP BY word")
				got := map[string]int{}
				for i, line := range strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n") {
					if word, number, _ := strings.Cut(line, ","); i > 0 {
						n, err := strconv.Atoi(number)
						if err != nil {
							t.Fatalf("line %q", line)
						}
						got[word] = n
					}
				}
				if !maps.Equal(got, want) {
					t.Errorf("counts differ (-want +got):\n%.2000s", cmp.Diff(want, got))
				}
			})
		})
	}
}

// TestManyObjects counts a directory of objects, some compressed, on MinIO, and writes over an earlier output.
func TestManyObjects(t *testing.T) {
	p := minIO(t)
	for key, text := range map[string]string{"many/a.txt": "to be\n", "many/b/c.txt": "or not to be", "many/empty.txt": "", "other.txt": "other"} {
		p.put(t, p.input+"/"+key, text)
	}
	for range 2 {
		succeed(t, t.TempDir(), "run", "--config", p.config, "wordcount", "--input", p.input+"/many/", "--output", p.output+"/many")
	}
	p.checkClean(t)
	client, err := p.store.Client()
	if err != nil {
		t.Fatal(err)
	}
	for object := range client.ListObjects(t.Context(), "testbucket", minio.ListObjectsOptions{Prefix: "many/", Recursive: true}) {
		if object.Err != nil || object.Size == 0 {
			t.Errorf("object %s of %d bytes: %v", object.Key, object.Size, object.Err)
		}
	}
}
