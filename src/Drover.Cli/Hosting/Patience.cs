using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>Waits for a store that others run: processes are started in any order, and it may go away again at any moment of a start.</summary>
internal static class Patience
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>Does something again until the store is there.</summary>
    public static async Task<T> UntilThereAsync<T>(string address, Func<Task<T>> act, ILogger log, CancellationToken stop)
    {
        var pause = TimeSpan.FromMilliseconds(250);
        for (bool told = false; ; told = true)
        {
            try
            {
                return await act();
            }
            catch (StoreUnavailableException away)
            {
                if (!told)
                    log.WaitingForStore(address, away.Message);
            }

            await Task.Delay(pause, TimeProvider.System, stop);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
