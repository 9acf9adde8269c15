namespace Drover.Storage;

/// <summary>
/// A shared store into whose inbox other people's transactions put requests. The leading node's broker accepts them. A request is taken
/// off only after it was accepted, so that one may be seen twice and must be accepted once: by the ids it brings.
/// </summary>
public interface IInboxStore : ISharedStore
{
    /// <summary>The next requests of this round, in the order in which their transactions began to write; empty when it is over, and then the next round begins.</summary>
    /// <param name="most">At most so many; 1 or more.</param>
    /// <param name="all">Begins a round anew, and looks also at what earlier ones saw and left.</param>
    /// <param name="cancel">Ends the call.</param>
    ValueTask<IReadOnlyList<InboxRequest>> ReadInboxAsync(int most, bool all, CancellationToken cancel = default);

    /// <summary>Takes requests off that were accepted.</summary>
    ValueTask TakeOffAsync(IReadOnlyList<InboxRequest> requests, CancellationToken cancel = default);

    /// <summary>Lays a request aside that can never be accepted; it stays, with the reason, for a person.</summary>
    ValueTask LayAsideAsync(InboxRequest request, string reason, CancellationToken cancel = default);
}

/// <summary>A request in the inbox.</summary>
/// <param name="Transaction">The transaction that put it there.</param>
/// <param name="Number">Its place.</param>
/// <param name="Content">See <see cref="RequestBytes"/>.</param>
public sealed record InboxRequest(long Transaction, long Number, byte[] Content);
