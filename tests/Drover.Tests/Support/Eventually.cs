using System.Diagnostics;

namespace Drover.Tests.Support;

/// <summary>Waits for what must come; a test that waits in vain fails.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Looks until it is so.</summary>
    /// <param name="what">For the message when it never is.</param>
    /// <param name="isSo">The condition.</param>
    /// <param name="meanwhile">Done before each look: moves a fake clock on, for instance.</param>
    public static async Task BecomesAsync(string what, Func<ValueTask<bool>> isSo, Action? meanwhile = null)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"In {Patience.TotalSeconds} s it did not happen that {what}.");
            meanwhile?.Invoke();
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    public static Task BecomesAsync(string what, Func<bool> isSo, Action? meanwhile = null) => BecomesAsync(what, () => new ValueTask<bool>(isSo()), meanwhile);

    /// <summary>Waits for a task that must end.</summary>
    public static Task<T> InTimeAsync<T>(this Task<T> task) => task.WaitAsync(Patience, TimeProvider.System);

    /// <summary>Waits for a task that must end.</summary>
    public static Task InTimeAsync(this Task task) => task.WaitAsync(Patience, TimeProvider.System);
}
