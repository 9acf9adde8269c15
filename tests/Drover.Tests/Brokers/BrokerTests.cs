using System.Diagnostics.Metrics;
using Drover.Jobs;
using Drover.Servers;
using Drover.Storage;
using Drover.Telemetry;
using Drover.Tests.Support;

namespace Drover.Tests.Brokers;

public sealed class BrokerTests
{
    [Fact]
    public async Task A_command_is_leased_with_its_server_and_one_without_fails_and_says_why()
    {
        await using var home = new BrokerHome(new Servers());
        var session = await home.ConnectAsync();
        var lost = await home.AddAsync(Specs.Command(server: "gone"));
        var good = await home.AddAsync(Specs.Command(server: "web-1"));
        var task = await home.AddAsync(Specs.Task());
        var leases = await session.LeaseAsync(10);

        Assert.Equal([good, task], leases.Select(l => l.Token.JobId));
        Assert.Equal("web-1", Assert.IsType<LocalTarget>(leases[0].Target).ServerName);
        Assert.Null(leases[1].Target);
        var job = await home.ReadAsync(lost);
        Assert.Equal((JobStatus.Failed, FailureReasons.ServerUnavailable, "There is no server 'gone'."), (job.Status, job.Outcome!.Reason, job.Outcome.Error));
        Assert.DoesNotContain(lost, (await home.Broker.ListWorkersAsync())[0].Jobs.Select(t => t.JobId));
    }

    [Fact]
    public async Task A_command_whose_server_cannot_be_looked_up_now_goes_back_uncounted()
    {
        await using var home = new BrokerHome(new Servers());
        var session = await home.ConnectAsync();
        var id = await home.AddAsync(Specs.Command(server: "catalog-away"));
        var leasing = session.LeaseAsync(1);
        await Eventually.BecomesAsync("it waits", async () => (await home.ReadAsync(id)).Status == JobStatus.Scheduled);
        Assert.Equal(0, (await home.ReadAsync(id)).AttemptsUsed);
        Assert.False(leasing.IsCompleted);
        var broken = await home.AddAsync(Specs.Command(server: "broken"));
        await Eventually.BecomesAsync("it fails", async () => (await home.ReadAsync(broken)).Status == JobStatus.Failed);
        Assert.Equal(FailureReasons.Internal, (await home.ReadAsync(broken)).Outcome!.Reason);
    }

    [Fact]
    public async Task One_job_wakes_one_of_many_waiting_workers()
    {
        await using var home = new BrokerHome();
        int looks = 0;
        home.Store.Before = verb =>
        {
            if (verb == "lease")
                Interlocked.Increment(ref looks);
            return ValueTask.CompletedTask;
        };
        var waiting = new List<Task<IReadOnlyList<Lease>>>();
        for (int i = 0; i < 50; i++)
            waiting.Add((await home.ConnectAsync($"w-{i}")).LeaseAsync(1).AsTask());
        var other = (await home.ConnectAsync("other", shell: false, types: ["other"])).LeaseAsync(1).AsTask();
        var elsewhere = (await home.ConnectAsync("elsewhere", queues: ["q"])).LeaseAsync(1).AsTask();
        Assert.Equal(52, looks);

        await home.AddAsync(Specs.Task());
        Assert.Single(await (await Task.WhenAny(waiting)).InTimeAsync());
        Assert.Equal(53, looks);
        await home.Broker.EnqueueAsync(new([.. Enumerable.Repeat(Specs.Task(), 3)]));
        await Eventually.BecomesAsync("three more have one", () => waiting.Count(w => w.IsCompleted) == 4);
        Assert.Equal(56, looks);
        Assert.False(other.IsCompleted || elsewhere.IsCompleted);
    }

    [Fact]
    public async Task A_call_that_is_given_up_after_it_was_woken_passes_the_job_on()
    {
        await using var home = new BrokerHome();
        var (first, second) = (await home.ConnectAsync("w-1"), await home.ConnectAsync("w-2"));
        for (int i = 0; i < 200; i++)
        {
            using var cancel = new CancellationTokenSource();
            var (given, kept) = (first.LeaseAsync(1, cancel.Token).AsTask(), second.LeaseAsync(1).AsTask());
            var id = Task.Run(() => home.AddAsync(Specs.Task()), CancellationToken.None);
            await cancel.CancelAsync();
            var leases = await given.ContinueWith(t => t.IsCanceled ? [] : t.Result, TaskScheduler.Default).InTimeAsync();
            if (leases.Count == 1)
                await home.AddAsync(Specs.Task());
            Assert.Single(await kept.InTimeAsync());
            await id;
        }
    }

    [Fact]
    public async Task Workers_hear_of_a_job_whose_enqueue_ended_in_doubt()
    {
        await using var home = new BrokerHome();
        var waiting = (await home.ConnectAsync()).LeaseAsync(1).AsTask();
        home.Store.AfterEnqueue = static () => throw new StoreUnavailableException("Power cut.") { InDoubt = true };
        await Assert.ThrowsAsync<StoreUnavailableException>(() => home.AddAsync(Specs.Task()));
        Assert.Single(await waiting.InTimeAsync());
    }

    [Fact]
    public async Task A_worker_whose_call_failed_leaves_the_job_to_another()
    {
        await using var home = new BrokerHome();
        var (first, second) = (await home.ConnectAsync("w-1"), await home.ConnectAsync("w-2"));
        var waiting = (first.LeaseAsync(1).AsTask(), second.LeaseAsync(1).AsTask());
        int failures = 0;
        home.Store.Before = verb => verb == "lease" && Interlocked.Increment(ref failures) == 1 ? throw new StoreUnavailableException("Full.") : ValueTask.CompletedTask;
        await home.AddAsync(Specs.Task());
        Assert.Single(await waiting.Item2.InTimeAsync());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => waiting.Item1);
    }

    [Fact]
    public async Task Jobs_leased_for_a_session_that_ended_meanwhile_go_back()
    {
        await using var home = new BrokerHome();
        var session = await home.ConnectAsync();
        var id = await home.AddAsync(Specs.Task());
        home.Store.Before = verb => verb == "lease" ? session.DisposeAsync() : ValueTask.CompletedTask;
        Assert.Empty(await session.LeaseAsync(1));
        Assert.Equal((JobStatus.Queued, 0), ((await home.ReadAsync(id)).Status, (await home.ReadAsync(id)).AttemptsUsed));
    }

    [Fact]
    public async Task What_happens_is_counted_and_measured()
    {
        await using var home = new BrokerHome();
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == DroverTelemetry.Name)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        var session = await home.ConnectAsync();
        await home.Broker.EnqueueAsync(new([Specs.Task() with { Queue = "metered" }, Specs.Task() with { Queue = "metered" }]));
        home.Clock.Advance(TimeSpan.FromSeconds(2));
        var lease = (await session.LeaseAsync(1))[0];
        home.Clock.Advance(TimeSpan.FromSeconds(3));
        listener.RecordObservableInstruments();
        await session.FinishAsync([new(lease.Token, new() { Kind = OutcomeKind.Completed })]);

        Assert.Equal(2, seen["drover.jobs.enqueued queue=metered"]);
        Assert.Equal(2, seen["drover.job.wait queue=metered"]);
        Assert.Equal(3, seen["drover.attempt.duration queue=metered"]);
        Assert.Equal(1, seen["drover.attempts.finished queue=metered outcome=completed"]);
        Assert.Equal(1, seen["drover.queue.depth queue=metered"]);

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string key = instrument.Name;
            foreach (var (name, tag) in tags)
                key += $" {name}={tag}";
            if (key.Contains("queue=metered", StringComparison.Ordinal))
                seen.AddOrUpdate(key, value, (_, before) => before + value);
        }
    }

    private sealed class Servers : ITargetResolver
    {
        public ValueTask<ExecutionTarget> ResolveAsync(string serverId, CancellationToken cancel) => serverId switch
        {
            "gone" => throw new TargetUnavailableException("There is no server 'gone'."),
            "catalog-away" => throw new StoreUnavailableException("The disk is away."),
            "broken" => throw new InvalidOperationException("A fault."),
            _ => new(new LocalTarget { ServerId = serverId, ServerName = serverId }),
        };

        public ValueTask<HostKey> PinHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel) => new(shown);
    }
}
