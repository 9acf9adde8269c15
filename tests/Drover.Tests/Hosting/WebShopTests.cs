using System.Diagnostics;
using System.Net;
using Drover.Tests.Support;

namespace Drover.Tests.Hosting;

/// <summary>Starts the sample as a program of its own and uses it as its README says.</summary>
public sealed class WebShopTests
{
    [Fact]
    public async Task The_web_shop_confirms_orders_and_makes_reports()
    {
        var cancel = TestContext.Current.CancellationToken;
        string folder = Directory.CreateTempSubdirectory("drover-webshop-").FullName;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "WebShop.dll"), "--urls", "http://127.0.0.1:0", "--Jobs", folder, "--OpsPassword", "open sesame"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        using var shop = Process.Start(start)!;
        try
        {
            using var http = new HttpClient { BaseAddress = new(await AddressAsync(shop).InTimeAsync()) };
            string report = await PostAsync(http, "/reports?orders=4", cancel);
            string order = await PostAsync(http, "/orders/17?email=ada@example.org", cancel);
            string wrong = await PostAsync(http, "/orders/18?email=nobody", cancel);

            await Eventually.BecomesAsync("the report is made", async () =>
                await http.GetStringAsync($"/jobs/{report}", cancel) == """Completed {"Orders":4,"Turnover":99.00}""");
            await Eventually.BecomesAsync("the mail is sent", async () =>
                (await http.GetStringAsync($"/jobs/{order}", cancel)).StartsWith("Completed", StringComparison.Ordinal));
            await Eventually.BecomesAsync("the wrong address is given up", async () =>
                (await http.GetStringAsync($"/jobs/{wrong}", cancel)).Contains("'nobody' is no address", StringComparison.Ordinal));

            // An operator has the nightly cleanup run now.
            using var signedIn = await http.PostAsync("/sign-in?ReturnUrl=/jobs/" + order, new FormUrlEncodedContent([new("password", "open sesame")]), cancel);
            Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
            http.DefaultRequestHeaders.Add("X-CSRF-Token", "drover");
            using var run = await http.PostAsync("/drover/api/v1/schedules/nightly-cleanup/run", null, cancel);
            Assert.Equal(HttpStatusCode.Created, run.StatusCode);
            await Eventually.BecomesAsync("the cleanup is done", async () =>
                (await http.GetStringAsync($"/jobs/{run.Headers.Location!.OriginalString.Split('/')[^1]}", cancel)).StartsWith("Completed", StringComparison.Ordinal));
        }
        finally
        {
            shop.Kill();
            await shop.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_web_shop_tells_what_it_runs()
    {
        string folder = Directory.CreateTempSubdirectory("drover-webshop-").FullName;
        try
        {
            using var shop = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "WebShop.dll"), "drover-kinds", "--Jobs", folder])
            {
                RedirectStandardOutput = true,
                WorkingDirectory = folder,
            })!;
            string printed = await shop.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).InTimeAsync();
            await shop.WaitForExitAsync(TestContext.Current.CancellationToken).InTimeAsync();
            Assert.Equal(0, shop.ExitCode);
            Assert.EndsWith("confirm-order\nnightly-cleanup\nsales-report\n", printed, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> AddressAsync(Process shop)
    {
        const string Listening = "Now listening on: ";
        while (await shop.StandardOutput.ReadLineAsync() is { } line)
        {
            int at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at < 0)
                continue;
            // What follows is read on, so that the shop never waits for a full pipe.
            _ = shop.StandardOutput.ReadToEndAsync();
            return line[(at + Listening.Length)..];
        }

        throw new InvalidOperationException("The shop ended before it listened.");
    }

    private static async Task<string> PostAsync(HttpClient http, string path, CancellationToken cancel)
    {
        using var answer = await http.PostAsync(path, null, cancel);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(cancel);
    }
}
