/** Every rule of the broker that the simulator keeps, beside its error texts, and the test that holds it. */

export interface SimulatorRule {
  readonly rule: string;
  /** Path of the test's file, and its title as it is written there. */
  readonly file: string;
  readonly test: string;
}

const rules =
  (file: string) =>
  (entries: Readonly<Record<string, string>>): readonly SimulatorRule[] =>
    Object.entries(entries).map(([rule, test]) => ({ rule, file, test }));

const CORE = 'shared/core/venue/';
const EDGE = 'infra/local/alpaca/';

export const SIMULATOR_RULES: Readonly<Record<string, readonly SimulatorRule[]>> = {
  'Life of an order': [
    ...rules(`${CORE}order-lifecycle.test.ts`)({
      'Statuses move along one table; ends lead nowhere.': 'has a row for each status, and leads nowhere from the ends',
      'A cancel is taken in every open status but stopped and pending_replace.':
        'takes a cancel in every status that is open, but for a replacement on its way and a stopped order',
    }),
    ...rules(`${CORE}venue.test.ts`)({
      'The answer to a submit says pending_new; new and fill follow.':
        'is pending_new in a session, then new, then filled at the far side of the market',
      'After the close an order is accepted for the next session, and nothing is streamed until then.':
        'is accepted while the market is closed, is told of by nobody, and is routed at the open',
      'An order that was taken may be rejected afterwards.': 'may be rejected afterwards',
      'Ids, stamps and fills are functions of the seed and the calls.':
        'has the same ids and stamps whenever the same is done, and others under another seed',
      'A cancel is a request: pending_cancel, then canceled.': 'makes a working order pending_cancel, then canceled',
      'A fill may overtake a cancel.': 'loses against a fill that comes first',
      'A partly filled order that is canceled stays canceled, with its fills.':
        'fills in part first where its fate is so',
      'One fill in ten is partial, and the rest follows later.': 'come in one fill of ten, and the rest follows later',
      'One execution may be held to a largest quantity (switch); a larger order fills in many, and fok in one.':
        'come in executions no larger than the rule lets one be',
    }),
    ...rules(`${CORE}venue-days.test.ts`)({
      'Day orders expire at the close, partly filled ones too.': 'expires day orders, also those filled in part',
      'On a half day the close is at 13:00.': 'comes at 13:00 on a half day',
      'Gtc orders rest overnight and fill on later days.': 'leaves gtc orders resting, and they fill on a later day',
      'Gtc orders may show done_for_day overnight (switch).':
        'puts gtc orders to rest as done_for_day where the rule says so',
      'Gtc orders are canceled after 90 days at 16:15 in New York.':
        'is canceled 90 days after it was made, at 16:15 in New York',
      'A bust leaves the order filled with its filled quantity taken back.':
        'by a bust gives back shares and money, and the order stays filled with nothing filled',
      'A correction restates price and quantity.': 'by a correction stands at another price and quantity',
      'A split restates positions before the session of its date.':
        'multiplies the shares overnight, before the session of its date, and leaves their cost',
      'A reverse split cancels what rests on the symbol.': 'in reverse cancels what rests on the symbol',
    }),
  ],
  'Matching and prices': [
    ...rules(`${CORE}venue.test.ts`)({
      'A limit fills at the far side of the market once that is within it.':
        'rests until the market comes to it, and fills at that instant',
      'A market buy works within a collar.': 'waits when the ask has run away beyond its collar',
      'A triggered buy stop is a limit order at its collar.':
        'to buy goes on as a limit order at its collar once a print reaches it',
      'A triggered sell stop is a market order.': 'to sell goes on as a market order',
      'A stop limit waits for both prices.': 'with a limit waits for both',
      'Ioc keeps what it gets and cancels the rest.': 'ioc keeps what it got and cancels the rest',
      'Fok fills whole or not at all.': 'fok fills whole or not at all',
      'A notional order buys what its money pays for, to nine decimals.':
        'buys for a sum of money as many shares as it pays for, cut off at nine decimals',
    }),
    ...rules(`${CORE}price-path.test.ts`)({
      'Within a session the price goes from the open over both extremes to the close.':
        'starts at the open, ends at the close, and reaches both extremes',
      'Bid, ask and print lie within the bar, the bid not above the ask.':
        'quotes a bid not above its ask, both within the bar, at every instant',
    }),
    ...rules(`${CORE}admission.test.ts`)({
      'Prices are on their increment: cents from a dollar up, else hundredths of a cent.':
        'of a limit at %s are on their increment: %s',
    }),
    ...rules('tests/venue/conservation.test.ts')({
      'Money is conserved; no share is sold twice; fills lie within the bar and the order.':
        'conserve money, never sell a share twice, fill within the bar and never beyond the order',
    }),
  ],
  'What an order may be': [
    ...rules(`${EDGE}order-routes.test.ts`)({
      'Types and times in force of whole shares.': 'of a whole %s order may be %s: %i',
      'Fractions and sums of money are day orders.': 'of a fractional %s order may be day only',
      'Ioc and fok may be closed to an account (switch).':
        'ioc and fok are refused where the account never asked for them',
      'What is not simulated yet is a 422 in clear words.':
        'and all else that comes later is refused in clear words: %j',
      'A client order id is used once, for ever; the check comes first or last (switch).':
        'answers a duplicate before anything else that may refuse it, or after, as the broker behaves',
      'Twins with different ids pass.': 'lets twins with different ids pass on the same side',
      'Wash trades: a market order against a resting limit.': 'refuses a market order against a resting limit',
      'Wash trades: anything against a resting stop.': 'refuses anything against a resting stop',
      'Wash trades: limits that cross.': 'refuses limits that cross, and takes limits that do not',
      'Wash trades: an order counts until its cancel is confirmed.':
        'looks at an order on its way to be canceled, and forgets it once it is',
    }),
    ...rules('tests/venue/refusals.test.ts')({
      'A refused order uses up neither id nor number.':
        'takes no order that it refused: neither order nor id is used up',
    }),
  ],
  'Account and positions': [
    ...rules(`${CORE}admission.test.ts`)({
      'What opens holds back buying power: far side in session, limit, or collar of the stop.': 'for a %s order',
      'Outside sessions it is held back by the last print.': 'is by the last print while the market is closed',
      'A short sale holds back 1.03 times the ask, or its limit.':
        'is 3 % above the ask for a short sale, or its limit where that is higher',
      'What closes holds back shares; no order goes through zero.':
        'is shares and no money, and no order goes through zero',
      'Short sales need 2,000 dollars of equity.': 'are taken of what can be borrowed, with 2,000 dollars of equity',
      'What is hard to borrow is sold short for the day only.': 'of what is hard to borrow are day orders',
      'Blocked, suspended: no orders.': 'with %s takes no orders',
      'An asset without margin counts whole.': 'of positions without margin buys less',
    }),
    ...rules(`${EDGE}account-routes.test.ts`)({
      'Buying power is a multiple of equity, less positions and what is held back.':
        'buys for four times its equity until something is bought or held back',
      'The day trading fields are gone.': 'has no field of the day trading rules that are gone',
      'Multiplier by configuration, 1 below 2,000 dollars.':
        'takes the multiplier of its configuration, and 1 below 2,000 dollars of equity',
      'Positions tell qty_available, short ones are negative.': 'are negative when short',
      'Closing is not idempotent: ids are the broker’s.':
        'are closed with a market order under an id of the broker: asked twice, it is done twice',
      'Closing all answers 207, cancels first where asked.':
        'are all closed at once, with what rests canceled first where that is asked for',
      'Portfolio history by sessions and by minutes.':
        'has the equity of each session, counted from the start of the span',
    }),
    ...rules(`${EDGE}state-store.test.ts`)({
      'An answered order survives kill -9.': 'keeps an answered order through kill -9',
    }),
  ],
  'On the wire': [
    ...rules(`${EDGE}order-routes.test.ts`)({
      'Texts for numbers, nine digits of a second, explicit nulls.':
        'has every field, texts for numbers, explicit nulls, and times in UTC',
      'New fields and statuses turn up without notice (switch).':
        'carries fields and statuses that nobody knows, now and then, unless that is switched off',
      'The list of orders: after and until are exclusive.':
        'takes after and until by time of submission, both exclusive',
      'The list of orders pages by id, 50 or up to 500.': 'pages by order id, 50 at a time unless told, 500 at most',
      'Canceling all answers 207.': 'of all orders answers 207 with a status for each',
      'A repeated cancel is 204 or 422 (switch).': 'repeated is taken or not as the broker behaves: %s',
    }),
    ...rules(`${EDGE}account-routes.test.ts`)({
      'Activity ids begin with New York time.': 'tell each execution, with an id of New York time',
      'Activities of one millisecond have no order.': 'are not ordered by time within one millisecond',
      'Activities page by the id of the last item.':
        'page by the id of the last item, losing none within one millisecond',
      'Activities come later than fills.': 'come later than the fill where the venue has latency',
      'Activities of an order add up to its filled quantity.':
        'add up to the filled quantity through a bust and a correction',
    }),
    ...rules(`${EDGE}market-routes.test.ts`)({
      'The clock has New York offsets, and knows nothing of extended hours.': 'at %s',
      'The calendar has half days and two formats of time.': 'has sessions with half days, in two formats of time',
      'Assets tell tradable, shortable, fractionable.': 'are found by symbol and by id, and tell who may borrow them',
    }),
    ...rules(`${EDGE}data-routes.test.ts`)({
      'Daily bars start at midnight in New York; both ends are inclusive.':
        'start at midnight in New York, and both ends are inclusive',
      'The session in progress has its bar so far.': 'tell the session in progress so far, and nothing of tomorrow',
      'Bars page over symbols.': 'are sorted by symbol and page across them',
      'Bars are restated by a split once it has taken place.':
        'are restated by a split once it has taken place, and raw as they were traded',
      'Minutes add up to their day.': 'add up to the day: its open, close, extremes and volume',
      'The free plan has SIP data older than 15 minutes.': 'has SIP data that is older than 15 minutes',
    }),
    ...rules(`${EDGE}request-budget.test.ts`)({
      '200 requests a minute of the simulator’s clock, with headers, trading apart from data.':
        'is shared by all trading requests, apart from data, and told in the headers',
    }),
  ],
  Streams: [
    ...rules(`${EDGE}broker.test.ts`)({
      'The order stream sends JSON in binary frames.': 'streams news in binary frames',
    }),
    ...rules(`${EDGE}order-stream.test.ts`)({
      'Log-in and listen, each echoed.': 'answers a wrong secret with unauthorized, and a listen before log-in as well',
      'A stream that is not offered is missing from the echo.':
        'echoes only the streams that it has, and an empty list stops it',
      'Offsets are mixed within one order.': 'tells the whole order after each event, with offsets mixed within it',
      'Nothing is told while an order waits for the open.': 'tells nothing while an order waits for the open',
      'A bust has a negative quantity.':
        'gives a bust its quantity back as a negative one, with the execution that it undoes',
      'Two connections of a key are served side by side.':
        'counts its frames, and an old connection goes on beside a new one',
      'One connection a key, where that is the limit (switch).': 'may be limited to one connection a key',
      'MessagePack for those who ask.': 'speaks MessagePack to those who ask for it',
    }),
    ...rules(`${EDGE}data-stream.test.ts`)({
      'Control messages come alone; subscriptions add up.':
        'greets, lets in, and tells the whole set of what is subscribed',
      'Codes 400 to 410 of the stream’s own.': 'has codes of its own for what goes wrong',
      'One connection a key: 406.': 'takes one connection a key: the second is told so and hung up on',
    }),
  ],
};
