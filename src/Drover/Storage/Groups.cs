namespace Drover.Storage;

/// <summary>A call that waits for its group.</summary>
/// <param name="request">What is asked.</param>
public sealed class Call<TRequest, TResult>(TRequest request)
{
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is asked.</summary>
    public TRequest Request => request;

    /// <summary>Ends when the group has.</summary>
    public Task<TResult> Answer => _answer.Task;

    /// <summary>Answers it.</summary>
    public void Done(TResult result) => _answer.TrySetResult(result);

    /// <summary>Answers it with an error.</summary>
    public void Failed(Exception e) => _answer.TrySetException(e);
}

/// <summary>
/// Gathers calls that come one at a time into groups, each of which is one transaction or script of a store: while some are under way the next
/// ones wait and go together. The wait is never longer than a transaction takes, and a lone call waits for nobody.
/// </summary>
/// <param name="width">How many groups may be under way at once.</param>
/// <param name="most">The most a group weighs; a single heavier call goes alone.</param>
/// <param name="weigh">A call's weight.</param>
/// <param name="run">Carries a group out and answers every call.</param>
/// <param name="few">What weighs less than this goes beside no other group, but waits until that is done: small groups cost nearly as much as large ones.</param>
public sealed class Groups<TRequest, TResult>(int width, int most, Func<TRequest, int> weigh, Func<List<Call<TRequest, TResult>>, Task> run, int few = 0)
{
    private readonly Queue<Call<TRequest, TResult>> _waiting = new();
    private readonly Lock _gate = new();
    private int _active;
    private long _weight;

    /// <summary>Adds a call; the answer ends when its group was carried out.</summary>
    public Task<TResult> AddAsync(TRequest request)
    {
        var call = new Call<TRequest, TResult>(request);
        lock (_gate)
        {
            _waiting.Enqueue(call);
            _weight += weigh(request);
            if (_active == width || (_active > 0 && _weight < few))
                return call.Answer;
            _active++;
        }

        _ = Task.Run(DrainAsync);
        return call.Answer;
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            // Callers that were answered together mostly ask again at once: they come first, and go together again.
            await Task.Yield();
            if (Take() is not { } group)
                return;
            try
            {
                await run(group);
            }
            catch (Exception e)
            {
                group.ForEach(call => call.Failed(e));
            }

            // Callers that come again at once come with the next group, not one by one behind its first.
            if (few > 0 && group.Count > 1)
                await Task.Yield();
        }
    }

    private List<Call<TRequest, TResult>>? Take()
    {
        lock (_gate)
        {
            var group = new List<Call<TRequest, TResult>>();
            int weight = 0;
            while (_waiting.TryPeek(out var next) && (group.Count == 0 || weight + weigh(next.Request) <= most))
            {
                weight += weigh(next.Request);
                group.Add(next);
                _waiting.Dequeue();
            }

            if (group.Count > 0)
            {
                _weight -= weight;
                return group;
            }

            _active--;
            return null;
        }
    }
}
