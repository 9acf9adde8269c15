using Drover.Events;
using Drover.Jobs;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.Brokers;

public abstract partial class BrokerConformance
{
    [Fact]
    public async Task Every_change_of_a_job_is_an_event_in_order()
    {
        var events = Listen();
        var worker = await WorkerAsync();
        var id = await AddAsync(Make.Task() with { Queue = "q", MaxAttempts = 2 });
        var lease = await worker.LeaseOneAsync();
        await worker.FinishAsync(lease, Make.Failed);
        await PassAsync(TimeSpan.FromSeconds(10));
        lease = await worker.LeaseOneAsync();
        await Broker.CancelAsync([id], "ada");
        await worker.FinishAsync(lease, Make.Failed);
        await Broker.RetryAsync([id]);
        await Broker.UpdateAsync(id, new(Priority: 1));
        await Broker.CancelAsync([id], "ada");
        await Broker.DeleteAsync([id]);

        var seen = await events.TakeAsync(11);
        Assert.Equal(
            [
                (EventKind.JobCreated, JobStatus.Queued, 0),
                (EventKind.JobChanged, JobStatus.Running, 1),
                (EventKind.JobChanged, JobStatus.Retrying, 1),
                (EventKind.JobChanged, JobStatus.Queued, 1),
                (EventKind.JobChanged, JobStatus.Running, 2),
                (EventKind.JobUpdated, JobStatus.Running, 2),
                (EventKind.JobChanged, JobStatus.Failed, 2),
                (EventKind.JobChanged, JobStatus.Queued, 2),
                (EventKind.JobUpdated, JobStatus.Queued, 2),
                (EventKind.JobChanged, JobStatus.Canceled, 2),
                (EventKind.JobDeleted, JobStatus.Canceled, 2),
            ],
            seen.Select(e => (e.Kind, e.Status, e.Attempt)));
        Assert.All(seen, e => Assert.Equal((id, "q", EventTopics.Jobs), (e.JobId, e.Subject, e.Topic)));
        Assert.Equal(seen[^1].Seq, Broker.Events.LastSeq);
    }

    [Fact]
    public async Task A_lost_lease_is_an_event()
    {
        var worker = await WorkerAsync();
        var id = await AddAsync(Make.Command());
        await worker.LeaseOneAsync();
        var events = Listen(job: id);
        await PassAsync(Make.LeaseDuration);
        var lost = Assert.Single(await events.TakeAsync(1));
        Assert.Equal((EventKind.JobChanged, JobStatus.Failed, id), (lost.Kind, lost.Status, lost.JobId));
    }

    [Fact]
    public async Task Nothing_that_did_not_happen_is_an_event()
    {
        var worker = await WorkerAsync();
        var id = await AddAsync(Make.Task() with { UniqueKey = "u" });
        var lease = await worker.LeaseOneAsync();
        await worker.FinishAsync(lease, Make.Completed);
        var events = Listen(EventTopics.Jobs | EventTopics.Output);
        await worker.FinishAsync(lease, Make.Failed);
        await worker.AppendAsync(lease, Make.Entry(1, "late", Clock.GetUtcNow()));
        await Broker.CancelAsync([id, Guid.NewGuid()], null);
        await Broker.RetryAsync([id]);
        await Broker.UpdateAsync(id, new(Priority: 1));
        await Broker.DeleteAsync([Guid.NewGuid()]);
        var last = await AddAsync(Make.Task() with { UniqueKey = "u" });
        await AddAsync(Make.Task() with { UniqueKey = "u" });
        var next = await AddAsync(Make.Task());
        Assert.Equal([last, next], (await events.TakeAsync(2)).Select(e => e.JobId));
    }

    [Fact]
    public async Task Each_event_is_published_after_the_store_has_committed_it()
    {
        var events = Listen();
        var enqueuing = Task.Run(async () =>
        {
            for (int n = 0; n < 50; n++)
                await AddAsync(Make.Task());
        });
        for (int n = 0; n < 50; n++)
            Assert.NotNull(Assert.Single(await Broker.GetAsync([(await events.TakeAsync(1))[0].JobId])));
        await enqueuing;
    }

    [Fact]
    public async Task A_reader_resumes_after_the_last_event_it_has_seen()
    {
        var events = Listen();
        var ids = new List<Guid>();
        for (int n = 0; n < 10; n++)
            ids.Add(await AddAsync(Make.Task()));
        var first = await events.TakeAsync(4);
        var resumed = new EventReader(Broker.Events, EventTopics.All, first[^1].Seq, null);
        Assert.Equal(ids, first.Concat(await resumed.TakeAsync(6)).Select(e => e.JobId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(long.MaxValue / 2)]
    public async Task A_reader_that_asks_for_what_is_not_known_is_told_so_first(long after)
    {
        await AddAsync(Make.Task());
        var events = new EventReader(Broker.Events, EventTopics.Jobs, after, null);
        var missed = Assert.Single(await events.TakeAsync(1));
        Assert.Equal((EventKind.Missed, EventTopics.All), (missed.Kind, missed.Topic));
        var next = await AddAsync(Make.Task());
        var resumed = new EventReader(Broker.Events, EventTopics.Jobs, missed.Seq, null);
        Assert.Equal(next, Assert.Single(await resumed.TakeAsync(1)).JobId);
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_holds_nobody_up_and_is_told_what_it_missed()
    {
        using var patience = new CancellationTokenSource(TestWorker.Patience, TimeProvider.System);
        await using var events = Broker.Events.ReadAsync(EventTopics.Jobs, cancel: patience.Token).GetAsyncEnumerator(patience.Token);
        var first = await AddAsync(Make.Task());
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(first, events.Current.JobId);

        // More than any feed may be asked to keep for one reader.
        for (int n = 0; n < 8; n++)
            await Broker.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task(), JobRules.MaxBatch)]));
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(EventKind.Missed, events.Current.Kind);
        var next = await AddAsync(Make.Task());
        while (events.Current.JobId != next)
            Assert.True(await events.MoveNextAsync());
    }

    [Fact]
    public async Task A_reader_hears_its_topics_and_its_job_alone()
    {
        var (mine, outputs, queues, jobs) = (Listen(EventTopics.Jobs), Listen(EventTopics.Output), Listen(EventTopics.Queues), Listen(EventTopics.All));
        var first = await AddAsync(Make.Task());
        var about = new EventReader(Broker.Events, EventTopics.Jobs, Broker.Events.LastSeq, first);
        var second = await AddAsync(Make.Task());
        var worker = await WorkerAsync();
        var leases = await worker.LeaseAsync(2);
        await worker.AppendAsync(leases.Single(l => l.Token.JobId == second), Make.Entry(1, "text", Clock.GetUtcNow()));
        await Broker.SetPausedAsync("q", true);
        await Broker.SetPausedAsync("q", false);

        Assert.Equal(JobStatus.Running, Assert.Single(await about.TakeAsync(1)).Status);
        var output = Assert.Single(await outputs.TakeAsync(1));
        Assert.Equal((EventKind.OutputAppended, second), (output.Kind, output.JobId));
        Assert.Equal([(EventKind.QueuePaused, "q"), (EventKind.QueueResumed, "q")], (await queues.TakeAsync(2)).Select(e => (e.Kind, e.Subject)));
        Assert.All(await mine.TakeAsync(4), e => Assert.Equal(EventTopics.Jobs, e.Topic));
        Assert.Contains(await jobs.TakeAsync(8), e => e.Kind == EventKind.WorkerConnected);
    }

    [Fact]
    public async Task Many_callers_changes_are_events_each_once_and_in_one_order()
    {
        var (one, other) = (Listen(), Listen());
        var adding = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int n = 0; n < 25; n++)
                await AddAsync(Make.Task());
        })).ToList();
        var read = await Task.WhenAll(Task.Run(() => one.TakeAsync(200)), Task.Run(() => other.TakeAsync(200)));
        await Task.WhenAll(adding);
        Assert.Equal(read[0], read[1]);
        Assert.Equal(200, read[0].Select(e => e.JobId).Distinct().Count());
    }

    [Fact]
    public async Task Workers_that_come_drain_and_go_are_events()
    {
        var events = Listen(EventTopics.Workers);
        var worker = await WorkerAsync("w-9");
        await Broker.DrainWorkerAsync("w-9");
        await worker.Session.DisposeAsync();
        Assert.Equal(
            [(EventKind.WorkerConnected, "w-9"), (EventKind.WorkerDraining, "w-9"), (EventKind.WorkerGone, "w-9")],
            (await events.TakeAsync(3)).Select(e => (e.Kind, e.Subject)));
    }
}
