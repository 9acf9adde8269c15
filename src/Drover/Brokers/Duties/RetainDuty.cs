using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Deletes finished jobs that are old enough, in small batches with a pause after each, so that live jobs never wait for it.</summary>
internal sealed class RetainDuty(IJobStore store, BrokerOptions options, TimeProvider time, ILogger log) : Duty("retain", time, log)
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);
    private long _deleted;

    public override async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        int deleted = await store.RetainAsync(options.Retention, options.RetainBatch, cancel);
        _deleted += deleted;
        if (deleted == options.RetainBatch)
            return Breath;
        if (_deleted > 0)
            Log.JobsRetired(_deleted);
        _deleted = 0;
        return options.RetainInterval;
    }

    protected override TimeSpan? Rest() => store is ISharedStore { IsLeader: false } ? options.RetainInterval : null;
}
