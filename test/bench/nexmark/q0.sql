-- Query 0: all bids as they are, the cost of the pipeline alone.
CREATE TABLE q0 (
  auction BIGINT,
  bidder BIGINT,
  price BIGINT,
  `dateTime` TIMESTAMP(3),
  extra STRING
) WITH ('connector' = 'blackhole');

INSERT INTO q0
SELECT auction, bidder, price, `dateTime`, extra FROM bid;
