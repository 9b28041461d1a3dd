using Llm4Msr.Training;
using static TorchSharp.torch;
using Embedding = TorchSharp.Modules.Embedding;

namespace Llm4Msr.Tests.Training;

public sealed class AdamTests
{
    private const int Rows = 41, Width = 11; // both leave a rest behind whole vectors
    private const double Rate = 1e-2;

    [Theory, InlineData(0), InlineData(0.1)]
    public void ADenseTableIsTrainedAsByPyTorch(double decay)
    {
        using var scope = NewDisposeScope();
        var (ours, theirs) = (Table(sparse: false), Table(sparse: false));
        using var adam = new Adam(new ParameterGroup([ours.weight!], Rate, decay));
        var reference = optim.Adam([theirs.weight!], Rate, weight_decay: decay);

        for (var step = 0; step < 30; step++)
        {
            var rows = Lookups(step, everyRow: step % 3 == 0);
            Backward(ours, rows);
            Backward(theirs, rows);
            adam.Step();
            reference.step();
            adam.ZeroGradients();
            reference.zero_grad();
        }

        Assert.InRange(LargestDifference(ours, theirs), 0, 1e-6);
    }

    [Fact]
    public void ATableWhoseEveryRowIsTouchedIsTrainedAsDense()
    {
        using var scope = NewDisposeScope();
        var (lazy, dense) = (Table(sparse: true), Table(sparse: false));
        using var adam = new Adam(new ParameterGroup([lazy.weight!, dense.weight!], Rate));

        for (var step = 0; step < 100; step++)
        {
            var rows = Lookups(step, everyRow: true); // some of them several times
            Backward(lazy, rows);
            Backward(dense, rows);
            Assert.True(lazy.weight!.grad!.is_sparse);
            adam.Step();
            adam.ZeroGradients();
        }

        Assert.InRange(LargestDifference(lazy, dense), 0, 1e-6);
    }

    [Fact]
    public void RowsThatAreLeftOutStayAndTheirMomentsDecay()
    {
        using var scope = NewDisposeScope();
        var table = Table(sparse: true);
        using var adam = new Adam(new ParameterGroup([table.weight!], Rate));
        var weight = table.weight![3, 0].item<float>();
        var (first, second, expected) = (0.0, 0.0, (double)weight);

        for (var step = 1; step <= 20; step++)
        {
            var touched = step is 2 or 3 or 9 or 20;
            var gradient = step * 0.1;
            var before = table.weight![3].clone();
            (table.call(tensor(new long[] { touched ? 3 : 5 })) * (float)gradient).sum().backward();
            adam.Step();
            adam.ZeroGradients();

            (first, second) = (first * 0.9, second * 0.999);
            if (touched)
            {
                (first, second) = (first + 0.1 * gradient, second + 0.001 * gradient * gradient);
                expected -= Rate * first / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(second / (1 - Math.Pow(0.999, step))) + 1e-8);
            }
            else
            {
                Assert.True(before.equal(table.weight![3]).all().item<bool>());
            }
        }

        Assert.Equal(expected, table.weight![3, 0].item<float>(), 1e-5);
        Assert.Equal(0, (table.weight![7] - Table(sparse: true).weight![7]).abs().max().item<float>());
    }

    [Fact]
    public void ALazyTableGoesOnFromItsStateToTheLastBit()
    {
        using var scope = NewDisposeScope();
        var (whole, resumed) = (Table(sparse: true), Table(sparse: true));
        using var before = new Adam(new ParameterGroup([whole.weight!], Rate));
        using var after = new Adam(new ParameterGroup([resumed.weight!], Rate));
        for (var step = 0; step < 5; step++)
            Step(before, whole, step);
        using (no_grad())
        {
            resumed.weight!.copy_(whole.weight!);
            var stored = before.Slots[0].State("table", stored: null).ToDictionary(t => t.Name, t => t.Tensor);
            foreach (var (name, place) in after.Slots[0].State("table", stored.ContainsKey))
                place.copy_(stored[name]);
        }

        for (var step = 5; step < 10; step++)
        {
            Step(before, whole, step);
            Step(after, resumed, step);
        }

        Assert.Equal(0, LargestDifference(whole, resumed));

        static void Step(Adam adam, Embedding table, int step)
        {
            Backward(table, Lookups(step, everyRow: false)); // most rows are left out for some steps
            adam.Step();
            adam.ZeroGradients();
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public void AGradientThatIsNotFiniteIsFoundWhereverItStands(bool sparse)
    {
        using var scope = NewDisposeScope();
        var (good, bad) = (Table(sparse), Table(sparse));
        var (goodWeight, badWeight) = (good.weight!, bad.weight!); // each call wraps it anew
        using var adam = new Adam(new ParameterGroup([goodWeight, badWeight], Rate));
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            for (var column = 0; column < Width; column++)
            {
                Backward(good, Lookups(1, everyRow: true));
                Backward(bad, Lookups(1, everyRow: true));
                Assert.Null(adam.FirstNotFinite());

                var gradient = badWeight.grad!;
                (sparse ? gradient.SparseValues : gradient)[Rows - 1, column] = value;
                Assert.Same(badWeight, adam.FirstNotFinite());
                adam.ZeroGradients();
            }
        }
    }

    [Fact]
    public void GradientsOfAnySizeAreFinite()
    {
        using var scope = NewDisposeScope();
        var table = Table(sparse: false);
        using var adam = new Adam(new ParameterGroup([table.weight!], Rate));
        table.weight!.grad = full([Rows, Width], float.MaxValue); // their squares are not

        Assert.Null(adam.FirstNotFinite());
    }

    private static Embedding Table(bool sparse)
    {
        var table = nn.Embedding(Rows, Width, sparse: sparse);
        using var _ = no_grad();
        using var random = new Generator(3, CPU);
        table.weight!.normal_(0, 1, random);
        return table;
    }

    private static Tensor Lookups(int step, bool everyRow)
    {
        var random = new Random(step);
        long[] all = [.. Enumerable.Range(0, Rows).Select(r => (long)r), .. Enumerable.Range(0, 2 * Rows).Select(_ => (long)random.Next(Rows))];
        random.Shuffle(all);
        return tensor(everyRow ? all : all[..10]);
    }

    private static void Backward(Embedding table, Tensor rows)
    {
        using var random = new Generator((ulong)rows[0].item<long>() + 1, CPU);
        (table.call(rows) * randn([rows.shape[0], Width], generator: random)).sum().backward();
    }

    private static float LargestDifference(Embedding one, Embedding other) => (one.weight! - other.weight!).abs().max().item<float>();
}
