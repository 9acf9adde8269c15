using Drover.Events;
using Drover.Jobs;
using Drover.Tests.Support;

namespace Drover.Tests.Events;

public sealed class EventFeedTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public async Task A_reader_gets_what_comes_in_order_from_the_moment_it_asked()
    {
        using var feed = new EventFeed(_clock);
        feed.Publish(EventKind.QueuePaused, "before");
        var events = feed.ReadAsync(EventTopics.All);
        feed.Publish(EventKind.QueuePaused, "a");
        feed.Publish(EventKind.WorkerConnected, "b");
        Assert.Equal(["a", "b"], (await TakeAsync(events, 2)).Select(e => e.Subject));
    }

    [Fact]
    public void Numbers_begin_with_the_clock_and_are_exact_in_a_double()
    {
        using var feed = new EventFeed(_clock);
        long first = feed.LastSeq;
        Assert.Equal(_clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000 - 1, first);
        Assert.True(first < 1L << 53);
        for (int i = 0; i < 100; i++)
            feed.Publish(EventKind.QueuePaused, "q");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        using var afterRestart = new EventFeed(_clock);
        Assert.True(afterRestart.LastSeq >= feed.LastSeq);
    }

    [Fact]
    public async Task A_reader_resumes_after_the_last_event_it_saw()
    {
        using var feed = new EventFeed(_clock);
        long start = feed.LastSeq;
        for (int i = 0; i < 5; i++)
            feed.Publish(EventKind.QueuePaused, $"q{i}");
        Assert.Equal(["q3", "q4"], (await TakeAsync(feed.ReadAsync(EventTopics.All, start + 3), 2)).Select(e => e.Subject));
        Assert.Equal("q0", (await TakeAsync(feed.ReadAsync(EventTopics.All, start), 1))[0].Subject);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000_000)]
    public async Task A_place_that_the_feed_does_not_know_is_answered_with_missed_then_what_comes(long offset)
    {
        using var feed = new EventFeed(_clock);
        feed.Publish(EventKind.QueuePaused, "seen");
        var events = feed.ReadAsync(EventTopics.Jobs, feed.LastSeq - 1 + offset).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal((EventKind.Missed, feed.LastSeq), (events.Current.Kind, events.Current.Seq));
        feed.Publish(EventKind.JobCreated, Guid.NewGuid(), JobStatus.Queued, 0, "q");
        Assert.True(await events.MoveNextAsync().AsTask().InTimeAsync());
        Assert.Equal(EventKind.JobCreated, events.Current.Kind);
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_is_told_once_and_goes_on_with_the_present()
    {
        using var feed = new EventFeed(_clock, capacity: 16);
        var events = feed.ReadAsync(EventTopics.All).GetAsyncEnumerator();
        for (int i = 0; i < 100; i++)
            feed.Publish(EventKind.QueuePaused, $"q{i}");
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(EventKind.Missed, events.Current.Kind);
        feed.Publish(EventKind.QueuePaused, "next");
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("next", events.Current.Subject);
    }

    [Fact]
    public async Task A_reader_of_one_job_sleeps_through_any_number_of_others_without_missing()
    {
        using var feed = new EventFeed(_clock, capacity: 16);
        var id = Guid.NewGuid();
        await using var events = feed.ReadAsync(EventTopics.Output, jobId: id).GetAsyncEnumerator();
        var next = events.MoveNextAsync().AsTask();
        for (int i = 0; i < 1000; i++)
            feed.Publish(EventKind.OutputAppended, Guid.NewGuid(), JobStatus.Running, 1, null);
        feed.Publish(EventKind.JobChanged, id, JobStatus.Running, 1, "q");
        Assert.False(next.IsCompleted);
        feed.Publish(EventKind.OutputAppended, id, JobStatus.Running, 1, null);
        Assert.True(await next.InTimeAsync());
        Assert.Equal((EventKind.OutputAppended, id), (events.Current.Kind, events.Current.JobId));
    }

    [Fact]
    public async Task Only_the_topics_asked_for_are_delivered()
    {
        using var feed = new EventFeed(_clock);
        var events = feed.ReadAsync(EventTopics.Workers | EventTopics.Servers);
        feed.Publish(EventKind.JobCreated, Guid.NewGuid(), JobStatus.Queued, 0, "q");
        feed.Publish(EventKind.WorkerGone, "w");
        feed.Publish(EventKind.QueuePaused, "q");
        feed.Publish(EventKind.ServerChecked, "s");
        Assert.Equal(["w", "s"], (await TakeAsync(events, 2)).Select(e => e.Subject));
    }

    [Fact]
    public async Task Cancel_and_the_end_of_the_feed_end_a_waiting_reader()
    {
        var feed = new EventFeed(_clock);
        using var cancel = new CancellationTokenSource();
        var canceled = DrainAsync(feed.ReadAsync(EventTopics.All, cancel: cancel.Token));
        var ended = DrainAsync(feed.ReadAsync(EventTopics.Jobs, jobId: Guid.NewGuid()));
        await cancel.CancelAsync();
        Assert.Equal(0, await canceled.InTimeAsync());
        feed.Dispose();
        Assert.Equal(0, await ended.InTimeAsync());
        Assert.Equal(0, await DrainAsync(feed.ReadAsync(EventTopics.All)).InTimeAsync());
    }

    [Fact]
    public async Task Readers_beside_many_writers_get_every_event_once_and_in_order_or_are_told()
    {
        const int writers = 4, each = 50_000;
        using var feed = new EventFeed(_clock, capacity: 1024);
        using var cancel = new CancellationTokenSource();
        long start = feed.LastSeq;
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            long last = start, missed = 0;
            await foreach (var e in feed.ReadAsync(EventTopics.All, start, cancel: cancel.Token))
            {
                if (e.Kind == EventKind.Missed)
                {
                    Assert.True(e.Seq > last);
                    missed += e.Seq - last;
                }
                else
                {
                    // The event is whole: its parts were written together.
                    Assert.Equal((last + 1, e.Attempt.ToString(System.Globalization.CultureInfo.InvariantCulture)), (e.Seq, e.Subject));
                }

                last = e.Seq;
                if (last == start + writers * each)
                    break;
            }

            return (last - start, missed);
        }, cancel.Token)).ToList();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < each; i++)
                feed.Publish(EventKind.JobChanged, default, JobStatus.Queued, i, i.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }, cancel.Token)));
        foreach (var reader in readers)
            Assert.Equal(writers * each, (await reader.InTimeAsync()).Item1);
    }

    private static async Task<List<BrokerEvent>> TakeAsync(IAsyncEnumerable<BrokerEvent> events, int count)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience, TimeProvider.System);
        return await events.Take(count).ToListAsync(patience.Token);
    }

    private static async Task<int> DrainAsync(IAsyncEnumerable<BrokerEvent> events) => await events.CountAsync();
}
