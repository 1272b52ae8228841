/*
 * What the C code of models calls. A file for a model gets those of these functions that it needs,
 * and its own type of parameters. Functions stand behind those that they call; one is a comment, a
 * head and a body, and has no empty line.
 */
#include <float.h>
#include <math.h>
#include <string.h>

typedef float parameter;

/* Vectors --------------------------------------------------------------------------------------- */

static void copy(const double *from, double *to, int n)
{
    for (int i = 0; i < n; i++) to[i] = from[i];
}

static void add(double *x, const double *terms, int n)
{
    for (int i = 0; i < n; i++) x[i] += terms[i];
}

static void subtract(double *x, const double *terms, int n)
{
    for (int i = 0; i < n; i++) x[i] -= terms[i];
}

static void multiply(double *x, const double *factors, int n)
{
    for (int i = 0; i < n; i++) x[i] *= factors[i];
}

static void divide(double *x, const double *divisors, int n)
{
    for (int i = 0; i < n; i++) x[i] /= divisors[i];
}

/* Keep numbers between two bounds; NaN stays NaN. */
static void clip(double *x, double lowest, double highest, int n)
{
    for (int i = 0; i < n; i++) {
        if (x[i] < lowest) x[i] = lowest;
        if (x[i] > highest) x[i] = highest;
    }
}

static void round_to_float(double *x, int n)
{
    for (int i = 0; i < n; i++) x[i] = (double)(float)x[i];
}

static int place_of_largest(const double *x, int n)
{
    int place = 0;
    for (int i = 1; i < n; i++) {
        if (x[i] > x[place]) place = i;
    }
    return place;
}

/* Dates ----------------------------------------------------------------------------------------- */

/* The first day of a year, since 1970-01-01. */
static double first_day(double year)
{
    const double before = year - 1.0;
    const double leap_days = floor(before / 4.0) - floor(before / 100.0) + floor(before / 400.0);
    return 365.0 * (year - 1970.0) + leap_days - 477.0;
}

static double days_of_month(int month, double year)
{
    static const double days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int is_leap = first_day(year + 1.0) - first_day(year) > 365.5;
    return days[month] + (month == 1 && is_leap ? 1.0 : 0.0);
}

/* The year of a day since 1970-01-01; NaN where it is missing, or farther away than any date. */
static double year_of(double days)
{
    double year = 1970.0 + floor(days / 365.2425);
    if (!(fabs(days) < 1e9)) return NAN;
    if (days < first_day(year)) year -= 1.0;
    if (days >= first_day(year + 1.0)) year += 1.0;
    return year;
}

/* How much of a year has passed when a day's month begins. */
static double month_of(double days)
{
    const double year = year_of(days);
    double next = first_day(year) + 31.0;
    int month = 0;
    if (isnan(year)) return NAN;
    while (days >= next) next += days_of_month(++month, year);
    return month / 12.0;
}

/* How much of a month has passed when a day begins. */
static double day_of(double days)
{
    const double year = year_of(days);
    double first = first_day(year);
    if (isnan(year)) return NAN;
    for (int month = 0; days >= first + days_of_month(month, year); month++) {
        first += days_of_month(month, year);
    }
    return (floor(days) - first) / 31.0;
}

/* How much of a week has passed when a day begins. */
static double weekday_of(double days)
{
    const double since_monday = floor(days) + 3.0;
    return (since_monday - 7.0 * floor(since_monday / 7.0)) / 7.0;
}

/* How much of a day has passed. */
static double hour_of(double days)
{
    return days - floor(days);
}

/* Days since 1970-01-01, of a month from 1 to 12 and a day from 1. */
static double days_since_1970(int year, int month, int day, double seconds)
{
    double days = first_day(year) + day - 1.0;
    for (int before = 0; before < month - 1; before++) days += days_of_month(before, year);
    return (days * 86400.0 + seconds) / 86400.0;
}

/* Columns --------------------------------------------------------------------------------------- */

/* A number centred, scaled and bent into (-3, 3); 0 where it is missing. Halves do not overflow. */
static double scaled(double x, double half_median, double half_scale)
{
    double z = (0.5 * x - half_median) / half_scale;
    if (isnan(x)) return 0.0;
    clip(&z, -1e6, 1e6, 1);
    return z / sqrt(1.0 + (z / 3.0) * (z / 3.0));
}

/* The normal quantile of a number's rank, linear between knots; 0 where it is missing. */
static double rank(double x, const double *half_knots, const double *heights, int n_knots)
{
    const double half = 0.5 * x;
    int low = 0, high = n_knots - 1;
    if (isnan(x)) return 0.0;
    if (half <= half_knots[low]) return heights[low];
    if (half >= half_knots[high]) return heights[high];
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (half >= half_knots[middle]) low = middle;
        else high = middle;
    }
    const double part = (half - half_knots[low]) / (half_knots[high] - half_knots[low]);
    return heights[low] + part * (heights[high] - heights[low]);
}

/* The point on a circle after so much of a turn, (0, 0) where it is missing. */
static void circle(double turn, double *point)
{
    const double angle = 6.283185307179586 * turn;
    point[0] = isnan(turn) ? 0.0 : sin(angle);
    point[1] = isnan(turn) ? 0.0 : cos(angle);
}

/* The code of a text among levels that ascend; 0 if it is missing or none of them. */
static int code_of_text(const char *text, const char *const *levels, const int *codes, int n_levels)
{
    int low = 0, high = n_levels;
    if (text == NULL) return 0;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (strcmp(levels[middle], text) < 0) low = middle + 1;
        else high = middle;
    }
    return low < n_levels && strcmp(levels[low], text) == 0 ? codes[low] : 0;
}

/* The same of a number. Whole numbers are levels as they are, others in single precision. */
static int code_of_number(double x, const double *levels, const int *codes, int n_levels)
{
    const double level = x > floor(x) ? (double)(float)x : x;
    int low = 0, high = n_levels;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (levels[middle] < level) low = middle + 1;
        else high = middle;
    }
    return low < n_levels && levels[low] <= level ? codes[low] : 0;
}

/* The code of a pair of codes among keys that ascend; 0 if either is 0 or no row had the pair. */
static int code_of_pair(int one, int other, int n_others, const long long *keys, int n_keys)
{
    const long long key = (long long)one * n_others + other;
    int low = 0, high = n_keys;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (keys[middle] < key) low = middle + 1;
        else high = middle;
    }
    return one > 0 && other > 0 && low < n_keys && keys[low] == key ? low + 1 : 0;
}

/* A 1 in the place of a code from 1, and zeros. */
static void one_hot(int code, int n_levels, double *places)
{
    for (int level = 1; level <= n_levels; level++) places[level - 1] = level == code ? 1.0 : 0.0;
}

/* Activations ----------------------------------------------------------------------------------- */

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double relu(double z)
{
    return z < 0.0 ? 0.0 : z;
}

static double leaky_relu(double z)
{
    return z < 0.0 ? 0.01 * z : z;
}

static double elu(double z)
{
    return z < 0.0 ? expm1(z) : z;
}

static double selu(double z)
{
    return 1.0507009873554805 * (z < 0.0 ? 1.6732632423543772 * expm1(z) : z);
}

/* 0, a parabola, and z. */
static double smelu(double z)
{
    if (z <= -2.0) return 0.0;
    return z >= 2.0 ? z : (z + 2.0) * (z + 2.0) / 8.0;
}

/* log(1 + exp(z)), without overflow. */
static double softplus(double z)
{
    return log1p(exp(-fabs(z))) + (z < 0.0 ? 0.0 : z);
}

static double silu(double z)
{
    return z / (1.0 + exp(-z));
}

/* z times the normal distribution. */
static double gelu(double z)
{
    return 0.5 * z * erfc(-0.7071067811865476 * z);
}

/* z tanh(log(1 + exp(z))), of which the latter is 1 from 20 on. */
static double mish(double z)
{
    const double w = exp(z < 20.0 ? z : 20.0);
    const double n = w * (w + 2.0);
    return z * (n / (n + 2.0));
}

/* Layers ---------------------------------------------------------------------------------------- */

/* Inputs times weights, p[i][j] from input i to unit j, and biases, the last row. */
static void dense(const parameter *p, const double *inputs, int n_inputs, double *units, int n_units)
{
    const parameter *biases = p + n_inputs * n_units;
    for (int j = 0; j < n_units; j++) units[j] = (double)biases[j];
    for (int i = 0; i < n_inputs; i++) {
        const parameter *weights = p + i * n_units;
        for (int j = 0; j < n_units; j++) units[j] += inputs[i] * (double)weights[j];
    }
}

static void apply(double (*activation)(double), double *units, int n_units)
{
    for (int j = 0; j < n_units; j++) units[j] = activation(units[j]);
}

static void scale(const parameter *p, const double *inputs, double *units, int n_units)
{
    for (int j = 0; j < n_units; j++) units[j] = inputs[j] * (double)p[j];
}

static void select_columns(const parameter *p, const double *inputs, double *units, int n_units)
{
    for (int j = 0; j < n_units; j++) units[j] = inputs[(int)p[j]];
}

/* The vector of a code. */
static void look_up(const parameter *p, double code, double *units, int length)
{
    for (int j = 0; j < length; j++) units[j] = (double)p[(int)code * length + j];
}

/* From -1/2 to 1/2 between two knots. */
static double ramp(double argument)
{
    return argument < -0.5 ? -0.5 : argument > 0.5 ? 0.5 : argument;
}

/* A wave of parabolas, of an angle in turns. */
static double parabola(double argument)
{
    const double turn = argument - rint(argument);
    return turn * (8.0 - 16.0 * fabs(turn));
}

/*
 * Each input becomes weighted sums of functions of slope * input + offset, and stands behind them.
 * That is rounded as it was in training: steep ramps and short waves multiply its error.
 */
static void mixtures(const parameter *p, double (*function)(double), int n_functions,
                     int n_mixtures, const double *inputs, int n_inputs, double *units)
{
    for (int i = 0; i < n_inputs; i++) {
        const parameter *weights = p + 2 * n_functions;
        double *mixed = units + i * n_mixtures;
        for (int m = 0; m < n_mixtures; m++) mixed[m] = 0.0;
        for (int j = 0; j < n_functions; j++) {
            const parameter product = (parameter)((double)p[2 * j] * inputs[i]);
            const parameter argument = (parameter)((double)product + (double)p[2 * j + 1]);
            const double value = function((double)argument);
            for (int m = 0; m < n_mixtures; m++) mixed[m] += value * (double)weights[m];
            weights += n_mixtures;
        }
        units[n_inputs * n_mixtures + i] = inputs[i];
        p += (2 + n_mixtures) * n_functions;
    }
}

/* Outputs --------------------------------------------------------------------------------------- */

static void softmax(double *outputs, int n_outputs)
{
    double largest, sum = 0.0;
    clip(outputs, -DBL_MAX, DBL_MAX, n_outputs);
    largest = outputs[place_of_largest(outputs, n_outputs)];
    for (int j = 0; j < n_outputs; j++) {
        outputs[j] = exp(outputs[j] - largest);
        sum += outputs[j];
    }
    for (int j = 0; j < n_outputs; j++) outputs[j] /= sum;
}

/* Probabilities as if their logits had been divided by a temperature. */
static void temper(double *outputs, int n_outputs, double temperature)
{
    clip(outputs, DBL_MIN, 1.0 - DBL_EPSILON / 2.0, n_outputs);
    for (int j = 0; j < n_outputs; j++) {
        outputs[j] = logistic((log(outputs[j]) - log1p(-outputs[j])) / temperature);
    }
}

/* The same of classes that exclude each other. */
static void temper_classes(double *outputs, int n_outputs, double temperature)
{
    clip(outputs, DBL_MIN, 1.0, n_outputs);
    for (int j = 0; j < n_outputs; j++) outputs[j] = log(outputs[j]) / temperature;
    softmax(outputs, n_outputs);
}

/* The first is the lowest quantile, each further one so much above the one before. */
static void quantiles(double *outputs, int n_outputs)
{
    for (int j = 1; j < n_outputs; j++) outputs[j] = outputs[j - 1] + softplus(outputs[j]);
}
