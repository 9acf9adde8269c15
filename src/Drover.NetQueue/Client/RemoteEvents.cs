using System.Runtime.CompilerServices;
using Drover.Events;

namespace Drover.NetQueue.Client;

/// <summary>The server's events, read over the link.</summary>
internal sealed class RemoteEvents(Link link, EventSeq seq) : IEventFeed
{
    /// <summary>The latest seq the server has spoken of: with every answer to a change, and with every ping.</summary>
    public long LastSeq => seq.Last;

    public IAsyncEnumerable<BrokerEvent> ReadAsync(EventTopics topics, long? after = null, Guid? jobId = null, CancellationToken cancel = default) =>
        // Now is where the server stood when it was last heard, so that nothing after this call is missed.
        ReadCoreAsync(new(topics, after ?? (seq.Last == 0 ? null : seq.Last), jobId), cancel);

    private async IAsyncEnumerable<BrokerEvent> ReadCoreAsync(Subscription subscription, [EnumeratorCancellation] CancellationToken cancel)
    {
        uint id = link.Subscribe(subscription);
        try
        {
            while (await subscription.NextAsync(cancel).ConfigureAwait(false) is { } next)
                yield return next;
        }
        finally
        {
            link.Unsubscribe(id);
        }
    }
}
