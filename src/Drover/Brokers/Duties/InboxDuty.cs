using System.Globalization;
using Drover.Brokers.Following;
using Drover.Jobs;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>
/// Accepts what transactions left in a store's inbox, as if it had been submitted just now. Accepting and taking off are two steps: a
/// request that comes again because a node died between them is known by its ids and, where keys may have left jobs out, by its own key.
/// </summary>
internal sealed class InboxDuty(
    IInboxStore store, Func<EnqueueRequest, CancellationToken, ValueTask<EnqueueResult>> accept, TimeProvider time, ILogger log) : Duty("inbox", time, log)
{
    private const int MostAtOnce = 1000;

    /// <summary>What a full queue kept out is tried again after this.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>News come with the commit, and a store that may have lost some says so; this is for what nobody thought of.</summary>
    private static readonly TimeSpan WholeInterval = TimeSpan.FromMinutes(1);
    private int _new;
    private int _all = 1;
    private long _lastWhole;

    /// <summary>There is something new.</summary>
    public void Look()
    {
        Volatile.Write(ref _new, 1);
        Wake();
    }

    /// <summary>News may have been lost.</summary>
    public void LookAtAll()
    {
        Volatile.Write(ref _all, 1);
        Wake();
    }

    public override async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        bool all = Interlocked.Exchange(ref _all, 0) != 0 || Time.GetElapsedTime(_lastWhole) >= WholeInterval;
        if (Interlocked.Exchange(ref _new, 0) == 0 && !all)
            return Interval;
        if (all)
            _lastWhole = Time.GetTimestamp();
        try
        {
            for (bool anew = all; await store.ReadInboxAsync(MostAtOnce, anew, cancel) is { Count: > 0 } requests; anew = false)
                await AcceptAsync(requests, cancel);
        }
        catch
        {
            Volatile.Write(ref _all, 1);
            throw;
        }

        return Interval;
    }

    protected override TimeSpan? Rest() => store.IsLeader ? null : Interval;

    private async Task AcceptAsync(IReadOnlyList<InboxRequest> requests, CancellationToken cancel)
    {
        var accepted = new List<InboxRequest>(requests.Count);
        var sent = new List<(InboxRequest Request, Task<bool> Done)>();
        try
        {
            foreach (var request in requests)
            {
                if (await ReadAsync(request, cancel) is not { } wanted)
                    continue;
                // What waits for another job may wait for one that stands before it here.
                bool follows = FollowRules.Has(wanted.Jobs);
                if (follows)
                    await SettleAsync();
                sent.Add((request, SendAsync(request, wanted, cancel)));
                if (follows)
                    await SettleAsync();
            }

            await SettleAsync();
        }
        finally
        {
            await store.TakeOffAsync(accepted, cancel);
        }

        async Task SettleAsync()
        {
            await Task.WhenAll(sent.Select(each => each.Done)).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            accepted.AddRange(sent.Where(each => each.Done is { IsCompletedSuccessfully: true, Result: true }).Select(each => each.Request));
            var failed = sent.Find(each => !each.Done.IsCompletedSuccessfully).Done;
            sent.Clear();
            if (failed is not null)
                await failed;
        }
    }

    private async ValueTask<EnqueueRequest?> ReadAsync(InboxRequest request, CancellationToken cancel)
    {
        try
        {
            var read = RequestBytes.Read(request.Content) with { Ordered = true };
            return OnceOnly(read);
        }
        catch (FormatException e)
        {
            Log.LaidAside(request.Number, e.Message);
            await store.LayAsideAsync(request, e.Message, cancel);
            return null;
        }
    }

    /// <summary>Gives a request, some of whose jobs may not be created, a key by which its answer is kept. A window is such a key itself.</summary>
    internal static EnqueueRequest OnceOnly(EnqueueRequest request)
    {
        bool keys = request.Jobs.Any(job => job.UniqueKey is not null) && request.Jobs.All(job => job.Unique?.Window is null);
        return keys ? request with { IdempotencyKey = string.Create(CultureInfo.InvariantCulture, $"kept:{request.FirstId}"), Fingerprint = "kept" } : request;
    }

    /// <summary>Answers whether the request is done with.</summary>
    private async Task<bool> SendAsync(InboxRequest request, EnqueueRequest wanted, CancellationToken cancel)
    {
        try
        {
            var result = await accept(wanted, cancel);
            for (int n = 0; n < result.Jobs.Count; n++)
            {
                if (result.Jobs[n].Duplicate)
                    Log.NotCreated(JobId.Following(wanted.FirstId!.Value, n), wanted.Jobs[n].UniqueKey, result.Jobs[n].Id);
            }

            return true;
        }
        catch (JobIdTakenException)
        {
            return true;
        }
        catch (JobValidationException e)
        {
            Log.LaidAside(request.Number, e.Message);
            await store.LayAsideAsync(request, e.Message, cancel);
            return false;
        }
        catch (QueueFullException e)
        {
            Log.QueueIsFull(e.Queue);
            Volatile.Write(ref _all, 1);
            return false;
        }
    }
}
