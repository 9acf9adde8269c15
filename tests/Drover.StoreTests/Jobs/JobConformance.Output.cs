using System.Text;
using Drover.Output;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Jobs;

public abstract partial class JobConformance
{
    private async Task<OutputPage> OutputAsync(OutputQuery query)
    {
        var page = await Broker.ReadOutputAsync(query);
        Assert.NotNull(page);
        return page;
    }

    private static IEnumerable<string> Texts(OutputPage page) => page.Entries.Select(e => Encoding.UTF8.GetString(e.Bytes.Span));

    private static IEnumerable<long> Seqs(OutputPage page) => page.Entries.Select(e => e.Seq);

    /// <summary>A running job with entries 1 to <paramref name="count"/>: every third one on stderr.</summary>
    private async Task<(TestWorker Worker, Drover.Storage.Lease Lease, Guid Id)> PrintedAsync(int count)
    {
        var printed = await RunningAsync(Make.Task());
        Assert.True(await printed.Worker.AppendAsync(printed.Lease,
            [.. Enumerable.Range(1, count).Select(n => Make.Entry(n, $"line {n}\n", Clock.GetUtcNow(), n % 3 == 0 ? OutputStream.Stderr : OutputStream.Stdout))]));
        return printed;
    }

    [Fact]
    public async Task Output_is_kept_in_order_with_its_exact_bytes_and_times()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        byte[][] pieces = [[], [0], [0xFF, 0xFE, 0xC3], "é partial"u8.ToArray(), [0xE2, 0x82], new byte[OutputEntry.MaxBytes], "\r\n"u8.ToArray()];
        Random.Shared.NextBytes(pieces[5]);
        var entries = pieces.Select((bytes, n) => new OutputEntry(n * 2 + 1, Clock.GetUtcNow().AddMilliseconds(n), 1, (OutputStream)(n % 3 + 1), bytes)).ToList();
        Assert.True(await worker.AppendAsync(lease, [.. entries[..3]]));
        Assert.True(await worker.AppendAsync(lease, [.. entries[3..]]));
        AssertSame(entries, (await OutputAsync(new(id))).Entries);
        await RestartAsync();
        AssertSame(entries, (await OutputAsync(new(id))).Entries);
    }

    [Fact]
    public async Task A_buffer_may_be_written_over_by_its_owner_after_it_was_appended()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        byte[] buffer = "first"u8.ToArray();
        await worker.AppendAsync(lease, new OutputEntry(1, Clock.GetUtcNow(), 1, OutputStream.Stdout, buffer));
        "other"u8.CopyTo(buffer);
        await worker.AppendAsync(lease, new OutputEntry(2, Clock.GetUtcNow(), 1, OutputStream.Stdout, buffer));
        Assert.Equal(["first", "other"], Texts(await OutputAsync(new(id))));
    }

    [Fact]
    public async Task Output_that_is_sent_again_is_stored_once()
    {
        var (worker, lease, id) = await PrintedAsync(3);
        Assert.True(await worker.AppendAsync(lease, Make.Entry(2, "again", Clock.GetUtcNow()), Make.Entry(3, "again", Clock.GetUtcNow()), Make.Entry(4, "new", Clock.GetUtcNow())));
        Assert.True(await worker.AppendAsync(lease, Make.Entry(4, "again", Clock.GetUtcNow())));
        Assert.Equal(["line 1\n", "line 2\n", "line 3\n", "new"], Texts(await OutputAsync(new(id))));
    }

    [Fact]
    public async Task Output_that_is_sent_again_is_stored_once_also_after_a_restart()
    {
        var (worker, lease, id) = await PrintedAsync(3);
        await RestartAsync();
        worker = await WorkerAsync(instance: worker.Description.InstanceId);
        Assert.True(await worker.AppendAsync(lease, Make.Entry(3, "again", Clock.GetUtcNow()), Make.Entry(4, "new", Clock.GetUtcNow())));
        Assert.Equal(["line 1\n", "line 2\n", "line 3\n", "new"], Texts(await OutputAsync(new(id))));
    }

    [Fact]
    public async Task Output_sent_twice_at_once_is_stored_once()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        var entries = Enumerable.Range(1, 50).Select(n => Make.Entry(n, $"{n}", Clock.GetUtcNow())).ToArray();
        await AtOnceAsync(8, _ => worker.AppendAsync(lease, entries));
        Assert.Equal(Enumerable.Range(1, 50).Select(n => $"{n}"), Texts(await OutputAsync(new(id))));
    }

    [Fact]
    public async Task Many_jobs_print_at_once_without_mixing()
    {
        await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), 16)]));
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(16);
        await AtOnceAsync(16, async n =>
        {
            for (int seq = 1; seq <= 30; seq++)
                Assert.True(await worker.AppendAsync(leases[n], Make.Entry(seq, $"{n}:{seq}", Clock.GetUtcNow())));
            return n;
        });
        for (int n = 0; n < 16; n++)
            Assert.Equal(Enumerable.Range(1, 30).Select(seq => $"{n}:{seq}"), Texts(await OutputAsync(new(leases[n].Token.JobId))));
    }

    [Fact]
    public async Task Output_of_the_next_attempt_goes_on_where_the_last_one_ended()
    {
        var (worker, lease, id) = await PrintedAsync(4);
        await worker.FinishAsync(lease, Make.HandedBack);
        lease = await worker.LeaseOneAsync();
        Assert.Equal(5, lease.FirstOutputSeq);
        Assert.True(await worker.AppendAsync(lease, Make.Entry(5, "second", Clock.GetUtcNow(), attempt: 2)));
        await RestartAsync();
        Assert.Equal(["line 1\n", "line 2\n", "line 3\n", "line 4\n"], Texts(await OutputAsync(new(id, Attempt: 1))));
        Assert.Equal(["second"], Texts(await OutputAsync(new(id, Attempt: 2))));
        Assert.Empty((await OutputAsync(new(id, Attempt: 3))).Entries);
        Assert.Equal([1L, 2, 3, 4, 5], Seqs(await OutputAsync(new(id))));
    }

    [Fact]
    public async Task A_trim_drops_the_middle_and_shows_the_gap()
    {
        var (worker, lease, id) = await PrintedAsync(10);
        var at = Clock.GetUtcNow().AddMilliseconds(7);
        Assert.True(await worker.TrimAsync(lease, new(4, 9, 35, at)));
        var page = await OutputAsync(new(id));
        Assert.Equal([1L, 2, 3, 4, 9, 10], Seqs(page));
        Assert.Equal(new(4, at, 1, OutputStream.Gap, ReadOnlyMemory<byte>.Empty, 35), page.Entries[3]);

        // The next trim moves the end of the gap and counts in all; entries come with it.
        Assert.True(await worker.TrimAsync(lease, new(4, 11, 60, at), Make.Entry(11, "eleven", at), Make.Entry(12, "twelve", at)));
        await RestartAsync();
        page = await OutputAsync(new(id));
        Assert.Equal([1L, 2, 3, 4, 11, 12], Seqs(page));
        Assert.Equal((OutputStream.Gap, 60L), (page.Entries[3].Stream, page.Entries[3].DroppedBytes));
    }

    [Fact]
    public async Task A_trim_that_is_sent_again_does_no_harm()
    {
        var (worker, lease, id) = await PrintedAsync(6);
        var trim = new OutputTrim(2, 6, 28, Clock.GetUtcNow());
        await worker.TrimAsync(lease, trim, Make.Entry(7, "seven", Clock.GetUtcNow()));
        await worker.TrimAsync(lease, trim, Make.Entry(7, "seven", Clock.GetUtcNow()));
        Assert.Equal([1L, 2, 6, 7], Seqs(await OutputAsync(new(id))));
    }

    [Fact]
    public async Task A_trim_reaches_over_entries_that_were_never_sent()
    {
        var (worker, lease, id) = await PrintedAsync(2);
        await worker.TrimAsync(lease, new(3, 50, 1000, Clock.GetUtcNow()));
        // What was dropped before it was sent does not come in behind the gap.
        await worker.AppendAsync(lease, Make.Entry(20, "late", Clock.GetUtcNow()), Make.Entry(50, "tail", Clock.GetUtcNow()));
        Assert.Equal([1L, 2, 3, 50], Seqs(await OutputAsync(new(id))));
        await worker.FinishAsync(lease, Make.HandedBack);
        Assert.Equal(51, (await worker.LeaseOneAsync()).FirstOutputSeq);
    }

    [Fact]
    public async Task A_trim_touches_its_own_attempt_alone()
    {
        var (worker, lease, id) = await PrintedAsync(3);
        await worker.FinishAsync(lease, Make.HandedBack);
        lease = await worker.LeaseOneAsync();
        await worker.TrimAsync(lease, new(4, 6, 10, Clock.GetUtcNow()), Make.Entry(4, "4", Clock.GetUtcNow(), attempt: 2), Make.Entry(6, "6", Clock.GetUtcNow(), attempt: 2));
        var page = await OutputAsync(new(id));
        Assert.Equal([1L, 2, 3, 4, 6], Seqs(page));
        Assert.Equal((2, OutputStream.Gap), (page.Entries[3].Attempt, page.Entries[3].Stream));
        Assert.Equal([1L, 2, 3], Seqs(await OutputAsync(new(id, Attempt: 1))));
    }

    [Fact]
    public async Task Output_is_read_in_pages_without_a_gap_or_a_repeat()
    {
        var (_, _, id) = await PrintedAsync(25);
        var seqs = new List<long>();
        var query = new OutputQuery(id, Limit: 10);
        int[] sizes = [10, 10, 5, 0];
        foreach (int size in sizes)
        {
            var page = await OutputAsync(query);
            Assert.Equal(size, page.Entries.Count);
            Assert.Equal(size == 0 ? query.After : page.Entries[^1].Seq, page.Next);
            seqs.AddRange(Seqs(page));
            query = query with { After = page.Next };
        }

        Assert.Equal(Enumerable.Range(1, 25).Select(n => (long)n), seqs);
    }

    [Fact]
    public async Task A_page_ends_early_but_never_empty_when_it_holds_many_bytes()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        byte[] big = new byte[OutputEntry.MaxBytes];
        for (int n = 0; n < 10; n++)
            await worker.AppendAsync(lease, [.. Enumerable.Range(n * 10 + 1, 10).Select(seq => new OutputEntry(seq, Clock.GetUtcNow(), 1, OutputStream.Stdout, big))]);
        var seqs = new List<long>();
        var query = new OutputQuery(id);
        while (await OutputAsync(query) is { Entries.Count: > 0 } page)
        {
            Assert.InRange(page.Entries.Sum(e => e.Bytes.Length), 1, OutputQuery.MaxPageBytes + OutputEntry.MaxBytes);
            Assert.True(page.Entries.Count < 100);
            seqs.AddRange(Seqs(page));
            query = query with { After = page.Next };
        }

        Assert.Equal(Enumerable.Range(1, 100).Select(n => (long)n), seqs);
        var tail = await OutputAsync(new(id, Last: true));
        Assert.InRange(tail.Entries.Count, 1, 65);
        Assert.Equal(100, tail.Entries[^1].Seq);
    }

    [Fact]
    public async Task A_viewer_opens_at_the_tail_and_scrolls_back()
    {
        var (_, _, id) = await PrintedAsync(25);
        var tail = await OutputAsync(new(id, Limit: 10, Last: true));
        Assert.Equal(Enumerable.Range(16, 10).Select(n => (long)n), Seqs(tail));
        Assert.Equal(25, tail.Next);
        Assert.Equal(Enumerable.Range(6, 10).Select(n => (long)n), Seqs(await OutputAsync(new(id, Limit: 10, Last: true, Before: 16))));
        Assert.Equal(Enumerable.Range(1, 5).Select(n => (long)n), Seqs(await OutputAsync(new(id, Limit: 10, Last: true, Before: 6))));
        Assert.Equal([8L, 9], Seqs(await OutputAsync(new(id, After: 7, Before: 10))));
        Assert.Empty((await OutputAsync(new(id, After: 9, Before: 10))).Entries);
    }

    [Fact]
    public async Task A_stream_is_read_with_the_gaps()
    {
        var (worker, lease, id) = await PrintedAsync(10);
        await worker.TrimAsync(lease, new(5, 7, 14, Clock.GetUtcNow()));
        await worker.AppendAsync(lease, Make.Entry(11, "note", Clock.GetUtcNow(), OutputStream.System));
        Assert.Equal([3L, 5, 9], Seqs(await OutputAsync(new(id, Stream: OutputStream.Stderr))));
        Assert.Equal([1L, 2, 4, 5, 7, 8, 10], Seqs(await OutputAsync(new(id, Stream: OutputStream.Stdout))));
        Assert.Equal([5L, 11], Seqs(await OutputAsync(new(id, Stream: OutputStream.System))));
        Assert.Equal([9L], Seqs(await OutputAsync(new(id, Stream: OutputStream.Stderr, Last: true, Limit: 1))));
        Assert.Equal([5L, 9], Seqs(await OutputAsync(new(id, Stream: OutputStream.Stderr, After: 3, Attempt: 1))));
    }

    [Fact]
    public async Task Output_is_complete_only_at_the_end_of_a_job_that_has_ended()
    {
        var (worker, lease, id) = await PrintedAsync(5);
        Assert.False((await OutputAsync(new(id))).Complete);
        await worker.FinishAsync(lease, Make.HandedBack);
        Assert.False((await OutputAsync(new(id))).Complete);
        Assert.True((await OutputAsync(new(id, Attempt: 1))).Complete);
        Assert.False((await OutputAsync(new(id, Attempt: 1, Limit: 4))).Complete);
        Assert.False((await OutputAsync(new(id, Attempt: 2))).Complete);

        lease = await worker.LeaseOneAsync();
        await worker.AppendAsync(lease, Make.Entry(6, "six", Clock.GetUtcNow(), attempt: 2));
        Assert.True((await OutputAsync(new(id, Attempt: 1))).Complete);
        Assert.False((await OutputAsync(new(id, Attempt: 2))).Complete);

        await worker.FinishAsync(lease, Make.Completed);
        Assert.True((await OutputAsync(new(id))).Complete);
        Assert.True((await OutputAsync(new(id, Attempt: 2))).Complete);
        Assert.False((await OutputAsync(new(id, Limit: 5))).Complete);
        Assert.True((await OutputAsync(new(id, Limit: 6))).Complete);
        Assert.True((await OutputAsync(new(id, After: 5))).Complete);
        Assert.True((await OutputAsync(new(id, After: 6))).Complete);
        Assert.True((await OutputAsync(new(id, Last: true, Limit: 2))).Complete);
        Assert.False((await OutputAsync(new(id, Before: 6))).Complete);
        Assert.True((await OutputAsync(new(id, Stream: OutputStream.Stderr))).Complete);
        // Entry 3 is the last one on stderr.
        Assert.True((await OutputAsync(new(id, Stream: OutputStream.Stderr, Limit: 1))).Complete);
    }

    [Fact]
    public async Task A_job_canceled_before_it_ran_has_complete_output_with_nothing_in_it()
    {
        var id = await AddAsync(Make.Task());
        Assert.False((await OutputAsync(new(id))).Complete);
        await CancelAsync(id);
        var page = await OutputAsync(new(id, After: 7));
        Assert.Empty(page.Entries);
        Assert.Equal((7, true), (page.Next, page.Complete));
    }

    [Fact]
    public async Task There_is_no_output_of_an_unknown_job() => Assert.Null(await Broker.ReadOutputAsync(new(Guid.NewGuid())));

    [Fact]
    public async Task A_reader_that_follows_sees_every_entry_once_while_it_is_written()
    {
        var (worker, lease, id) = await RunningAsync(Make.Task());
        var reading = Task.Run(async () =>
        {
            var seqs = new List<long>();
            var query = new OutputQuery(id, Limit: 7);
            while (true)
            {
                var page = await OutputAsync(query);
                seqs.AddRange(Seqs(page));
                if (page.Complete)
                    return seqs;
                query = query with { After = page.Next };
                await Task.Yield();
            }
        });
        for (int n = 0; n < 100; n++)
            await worker.AppendAsync(lease, Make.Entry(2 * n + 1, "a", Clock.GetUtcNow()), Make.Entry(2 * n + 2, "b", Clock.GetUtcNow()));
        await worker.FinishAsync(lease, Make.Completed);
        Assert.Equal(Enumerable.Range(1, 200).Select(n => (long)n), await reading.WaitAsync(TestWorker.Patience, TimeProvider.System));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public async Task A_limit_out_of_range_is_refused_when_output_is_read(int limit)
    {
        var id = await AddAsync(Make.Task());
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await OutputAsync(new(id, Limit: limit)));
    }
}
