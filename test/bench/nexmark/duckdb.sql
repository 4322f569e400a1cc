-- The queries that a batch engine can express, for DuckDB. The events stand in the view events; queries are parted by lines of dashes and a name.

CREATE VIEW person AS SELECT person.id, person.name, person.city, person.state, person.emailAddress, person.creditCard, person.dateTime, person.extra FROM events WHERE event_type = 0;
CREATE VIEW auction AS SELECT auction.id, auction.itemName, auction.description, auction.initialBid, auction.reserve, auction.dateTime, auction.expires, auction.seller, auction.category, auction.extra FROM events WHERE event_type = 1;
CREATE VIEW bid AS SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, bid.dateTime, bid.extra FROM events WHERE event_type = 2;

-- q0
SELECT auction, bidder, price, dateTime, extra FROM bid
-- q1
SELECT auction, bidder, 0.908 * price AS price, dateTime, extra FROM bid
-- q2
SELECT auction, price FROM bid WHERE auction % 123 = 0
-- q3
SELECT p.name, p.city, p.state, a.id FROM auction AS a JOIN person AS p ON a.seller = p.id WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')
-- q4
SELECT category, AVG(final) FROM (
  SELECT a.id, a.category, MAX(b.price) AS final FROM auction AS a JOIN bid AS b ON a.id = b.auction
  WHERE b.dateTime BETWEEN a.dateTime AND a.expires GROUP BY a.id, a.category
) GROUP BY category
-- q5
WITH counts AS (
  SELECT auction, w, COUNT(*) AS num
  FROM (SELECT auction, UNNEST([epoch_ms(dateTime) // 2000, epoch_ms(dateTime) // 2000 - 1, epoch_ms(dateTime) // 2000 - 2, epoch_ms(dateTime) // 2000 - 3,
    epoch_ms(dateTime) // 2000 - 4]) AS w FROM bid)
  GROUP BY auction, w
)
SELECT c.auction, c.num FROM counts AS c JOIN (SELECT w, MAX(num) AS maxn FROM counts GROUP BY w) AS m ON c.w = m.w AND c.num >= m.maxn
-- q7
SELECT b.auction, b.price, b.bidder, b.dateTime, b.extra
FROM bid AS b JOIN (SELECT MAX(price) AS maxprice, time_bucket(INTERVAL '10' SECOND, dateTime) AS w FROM bid GROUP BY w) AS m ON b.price = m.maxprice
WHERE b.dateTime BETWEEN m.w AND m.w + INTERVAL '10' SECOND
-- q8
SELECT p.id, p.name, p.w
FROM (SELECT id, name, time_bucket(INTERVAL '10' SECOND, dateTime) AS w FROM person GROUP BY ALL) AS p
JOIN (SELECT seller, time_bucket(INTERVAL '10' SECOND, dateTime) AS w FROM auction GROUP BY ALL) AS a ON p.id = a.seller AND p.w = a.w
-- q9
SELECT * FROM (
  SELECT a.*, b.auction, b.bidder, b.price, b.dateTime AS bid_dateTime, b.extra AS bid_extra,
    ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.dateTime ASC) AS rownum
  FROM auction AS a JOIN bid AS b ON a.id = b.auction WHERE b.dateTime BETWEEN a.dateTime AND a.expires
) WHERE rownum <= 1
-- q10
SELECT auction, bidder, price, dateTime, extra, strftime(dateTime, '%Y-%m-%d'), strftime(dateTime, '%H:%M') FROM bid
-- q14
SELECT auction, bidder, 0.908 * price AS price,
  CASE WHEN hour(dateTime) >= 8 AND hour(dateTime) <= 18 THEN 'dayTime' WHEN hour(dateTime) <= 6 OR hour(dateTime) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bidTimeType,
  dateTime, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000
-- q15
SELECT strftime(dateTime, '%Y-%m-%d') AS "day", COUNT(*),
  COUNT(*) FILTER (WHERE price < 10000), COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000), COUNT(*) FILTER (WHERE price >= 1000000), COUNT(DISTINCT bidder),
  COUNT(DISTINCT bidder) FILTER (WHERE price < 10000), COUNT(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000), COUNT(DISTINCT bidder) FILTER (WHERE price >= 1000000),
  COUNT(DISTINCT auction), COUNT(DISTINCT auction) FILTER (WHERE price < 10000), COUNT(DISTINCT auction) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(DISTINCT auction) FILTER (WHERE price >= 1000000)
FROM bid GROUP BY "day"
-- q16
SELECT channel, strftime(dateTime, '%Y-%m-%d') AS "day", MAX(strftime(dateTime, '%H:%M')), COUNT(*),
  COUNT(*) FILTER (WHERE price < 10000), COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000), COUNT(*) FILTER (WHERE price >= 1000000), COUNT(DISTINCT bidder),
  COUNT(DISTINCT bidder) FILTER (WHERE price < 10000), COUNT(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000), COUNT(DISTINCT bidder) FILTER (WHERE price >= 1000000),
  COUNT(DISTINCT auction), COUNT(DISTINCT auction) FILTER (WHERE price < 10000), COUNT(DISTINCT auction) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(DISTINCT auction) FILTER (WHERE price >= 1000000)
FROM bid GROUP BY channel, "day"
-- q17
SELECT auction, strftime(dateTime, '%Y-%m-%d') AS "day", COUNT(*), COUNT(*) FILTER (WHERE price < 10000), COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(*) FILTER (WHERE price >= 1000000), MIN(price), MAX(price), AVG(price), SUM(price)
FROM bid GROUP BY auction, "day"
-- q18
SELECT auction, bidder, price, channel, url, dateTime, extra
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC) AS rank_number FROM bid) WHERE rank_number <= 1
-- q19
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid) WHERE rank_number <= 10
-- q20
SELECT auction, bidder, price, channel, url, b.dateTime, b.extra, itemName, description, initialBid, reserve, a.dateTime, expires, seller, category, a.extra
FROM bid AS b JOIN auction AS a ON b.auction = a.id WHERE a.category = 10
-- q21
SELECT auction, bidder, price, channel,
  CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1' WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN '3'
    ELSE regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) END AS channel_id
FROM bid WHERE regexp_matches(url, '(&|^)channel_id=([^&]*)') OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')
-- q22
SELECT auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5), split_part(url, '/', 6) FROM bid
-- q23
SELECT bidder, price, channel, url, b.extra, p.id, name, emailAddress, creditCard, city, state, p.extra, itemName, description, initialBid, reserve, a.dateTime, expires, seller, category, a.extra
FROM bid AS b JOIN person AS p ON p.id = b.bidder JOIN auction AS a ON a.seller = b.bidder
