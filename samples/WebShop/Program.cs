using System.Security.Cryptography;
using Drover.Brokers;
using Drover.Hosting;
using Drover.Schedules;
using WebShop;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddScoped<Mailer>();
builder.Services.AddOpsSignIn();
builder.Services.AddDrover(drover => drover
    .UseSqlite(builder.Configuration["Jobs"] ?? "webshop-jobs")
    .AddHandler<ConfirmOrder, ConfirmOrderHandler>(ShopJson.Default.ConfirmOrder, kind => kind.Retry = RetryPolicy.Exponential(8, TimeSpan.FromSeconds(2)))
    .AddHandler<SalesReport, SalesReportHandler>(ShopJson.Default.SalesReport)
    .AddHandler<NightlyCleanup, NightlyCleanupHandler>(ShopJson.Default.NightlyCleanup)
    .AddSchedule("nightly-cleanup", "0 3 * * *", new NightlyCleanup(KeepDays: 30), new() { TimeZone = "Europe/Berlin", CatchUp = CatchUpPolicy.One }));

var app = builder.Build();
if (await app.RunDroverVerbAsync(args) is { } code)
    return code;

// The dashboard, for those whom the shop itself lets in.
string password = builder.Configuration["OpsPassword"] ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
app.MapOpsSignIn(password);
app.MapDrover("/drover").RequireAuthorization(OpsSignIn.Policy);
if (builder.Configuration["OpsPassword"] is null)
    Console.WriteLine($"The dashboard is at /drover; the password of this run is {password}");

app.MapPost("/orders/{order:int}", async (int order, string email, IJobClient jobs, CancellationToken cancel) =>
    (await jobs.EnqueueAsync(new ConfirmOrder(order, email), new() { UniqueKey = $"confirm-{order}" }, cancel)).Id.ToString());

app.MapPost("/reports", async (int orders, IJobClient jobs, CancellationToken cancel) =>
    (await jobs.EnqueueAsync(new SalesReport(orders), cancel: cancel)).Id.ToString());

app.MapGet("/jobs/{id:guid}", async (Guid id, IBroker broker, CancellationToken cancel) =>
    (await broker.GetAsync([id], cancel))[0] is { } job
        ? Results.Text($"{job.Status} {(job.Outcome?.Result is { } result ? System.Text.Encoding.UTF8.GetString(result.Span) : job.Outcome?.Error)}")
        : Results.NotFound());

await app.RunAsync();
return 0;
