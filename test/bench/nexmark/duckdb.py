# Runs one query on DuckDB and prints the seconds that it took, those of the processors and the number of rows. Arguments: threads, a pattern of Parquet files, the views, the query.
# The whole result is hashed, so that all of it is computed.
import sys
import time

import duckdb

threads, files, views, query = sys.argv[1:]
db = duckdb.connect(config={"threads": int(threads)})
db.execute("SET enable_progress_bar = false")
db.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{files}')")
db.execute(views)
start, cpu = time.perf_counter(), time.process_time()
rows, _ = db.execute(f"SELECT COUNT(*), bit_xor(hash(t)) FROM ({query}) AS t").fetchone()
print(time.perf_counter() - start, time.process_time() - cpu, rows)
